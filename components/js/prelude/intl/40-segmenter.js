// Intl.Segmenter. A text goes to the host in windows of which the last part is looked at again with what follows, so that long texts cost
// what their length is, and each question takes a bounded time. Start at `Walk`.

const {
  REQUEST, MATCHERS, receive, makeClass, getOptions, textOption, toLocales, resolve, publish, addMembers, Slots, cut, handleOf, put,
} = internal.intl;
const { apply, defineProperty } = Reflect;
const { iteratorPrototype } = internal.idl;
const { errorOf } = internal;
const { Uint32Array, Object } = globalThis;
const { lastIndexOf } = String.prototype;
const { floor, min } = Math;
const { create } = Object;

const KIND = { __proto__: null, grapheme: 0, word: 1, sentence: 2 };
const WINDOW_UNITS = 2048;
// Parts that end nearer to the end of a window may end elsewhere in the whole text.
const MARGIN_UNITS = 256;

// Goes over a text from a place where a part begins.
class Walk {
  #text;
  #kind;
  #from;
  #found = null;
  #count = 0;
  #at = 0;
  #words = null;

  constructor(text, kind, from) {
    this.#text = text;
    this.#kind = kind;
    this.#from = from;
  }

  // Asks for the parts from here on. A window without a certain end is made larger.
  #fill() {
    const left = this.#text.length - this.#from;
    for (let size = WINDOW_UNITS; ; size *= 4) {
      const length = min(size, left);
      if (this.#words === null || this.#words.length < length) this.#words = new Uint32Array(min(length, WINDOW_UNITS * 4));
      const answer = sys.ctl(handleOf(), REQUEST.SEGMENT, cut(this.#text, this.#from, this.#from + length), this.#words, this.#kind);
      if (answer < 0) throw errorOf(answer, "Intl.Segmenter");
      const all = answer / 4;
      let count = min(all, this.#words.length);
      if (length < left) {
        // Only what ends well before the window does.
        let end = 0;
        let sure = 0;
        for (; sure < count; sure++) {
          end += floor(this.#words[sure] / 2);
          if (end > length - MARGIN_UNITS) break;
        }
        count = sure;
      }
      if (count > 0) {
        this.#count = count;
        this.#at = 0;
        return;
      }
    }
  }

  // The next part: its start, its end, whether it is a word; false at the end.
  next(part) {
    if (this.#from >= this.#text.length) return false;
    if (this.#at >= this.#count) this.#fill();
    const word = this.#words[this.#at++];
    part.from = this.#from;
    part.to = this.#from += floor(word / 2);
    part.word = word % 2 === 1;
    return true;
  }
}

function toSegment(slots, part) {
  const segment = cut(slots.text, part.from, part.to);
  const found = { segment, index: part.from, input: slots.text };
  if (slots.type === KIND.word) put(found, "isWordLike", part.word);
  return found;
}

function make(locales, given) {
  const requested = toLocales(locales);
  const options = getOptions(given);
  textOption(options, "localeMatcher", MATCHERS, "best fit", "Segmenter");
  const resolved = resolve(requested, { __proto__: null });
  return { __proto__: null, locale: resolved.name, granularity: textOption(options, "granularity", ["grapheme", "word", "sentence"], "grapheme", "Segmenter") };
}

const segmentsPrototype = {};
addMembers(segmentsPrototype, {
  containing(index) {
    const slots = receive(this, "Segments", "containing");
    const wanted = +index;
    const at = wanted === wanted ? (wanted < 0 ? -floor(-wanted) : floor(wanted)) + 0 : 0;
    if (!(at >= 0 && at < slots.text.length)) return undefined;
    // Every part ends behind a line feed.
    const line = at === 0 ? -1 : apply(lastIndexOf, slots.text, ["\n", at - 1]);
    const walk = new Walk(slots.text, slots.type, line + 1);
    const part = { __proto__: null, from: 0, to: 0, word: false };
    while (walk.next(part)) if (part.to > at) return toSegment(slots, part);
    return undefined;
  },
}, "Intl.Segments");
delete segmentsPrototype[Symbol.toStringTag];

const segmentIteratorPrototype = create(iteratorPrototype);
addMembers(segmentIteratorPrototype, {
  next() {
    const slots = receive(this, "SegmentIterator", "next");
    const part = { __proto__: null, from: 0, to: 0, word: false };
    if (!slots.walk.next(part)) return { value: undefined, done: true };
    return { value: toSegment(slots, part), done: false };
  },
}, "Segmenter String Iterator");

defineProperty(segmentsPrototype, Symbol.iterator, {
  value: {
    [Symbol.iterator]() {
      const { text, type } = receive(this, "Segments", "[Symbol.iterator]");
      const iterator = create(segmentIteratorPrototype);
      new Slots(iterator, { __proto__: null, kind: "SegmentIterator", text, type, walk: new Walk(text, type, 0) });
      return iterator;
    },
  }[Symbol.iterator],
  writable: true, enumerable: false, configurable: true,
});

const Segmenter = makeClass("Segmenter", make, {
  resolvedOptions() {
    const { locale, granularity } = receive(this, "Segmenter", "resolvedOptions");
    return { locale, granularity };
  },
  segment(input) {
    const { granularity } = receive(this, "Segmenter", "segment");
    const text = `${input}`;
    const segments = create(segmentsPrototype);
    new Slots(segments, { __proto__: null, kind: "Segments", text, type: KIND[granularity] });
    return segments;
  },
});
publish("Segmenter", Segmenter);
