// Order, plural forms, lists, spans of time, names, segments, locales, and the language's own methods.
const at = new Date(1720000000123);
for (const locale of ["en", "de", "fr", "es", "ja", "ar", "hi", "pl", "ru", "sv"]) {
  for (const type of ["cardinal", "ordinal"]) if (locale !== "es" || type === "cardinal") console.log(locale, type, [0, 1, 2, 3, 5, 11, 21, 22, 100, 1.5, 1e6].map((n) => new Intl.PluralRules(locale, { type }).select(n)).join());
  for (const type of ["conjunction", "disjunction", "unit"]) for (const style of ["long", "short", "narrow"]) {
    const list = new Intl.ListFormat(locale, { type, style });
    console.log(locale, type, style, [[], ["A"], ["A", "B"], ["A", "B", "C"], ["a", "b", "c", "isla"], ["x", "ocho"]].map((texts) => list.format(texts)).join(" | "), JSON.stringify(list.formatToParts(["A", "B", "C"])));
  }
  for (const numeric of ["always", "auto"]) for (const style of ["long", "short", "narrow"]) {
    const relative = new Intl.RelativeTimeFormat(locale, { numeric, style });
    console.log(locale, numeric, style, ["second", "minute", "hour", "day", "week", "month", "quarter", "year"].map((unit) => [0, -0, 1, -1, 2, 1000].map((n) => relative.format(n, unit)).join(", ")).join(" | "), JSON.stringify(relative.formatToParts(-3, "day")));
  }
  for (const style of ["long", "short"]) for (const [type, codes] of [["language", ["de", "de-AT", "zh-Hant", "pt-BR", "xx"]], ["region", ["US", "DE", "419", "XX"]], ["script", ["Latn", "Hans"]], ["currency", ["USD", "EUR"]], ["dateTimeField", ["year", "weekOfYear"]]]) {
    console.log(locale, style, type, codes.map((code) => new Intl.DisplayNames(locale, { type, style }).of(code)).join(" | "));
  }
  const words = ["z", "a", "Z", "ä", "o", "ö", "é", "e", "a10", "a9", "ñ", "n", "ch", "c", "ß", "ss", "い", "ア", "字", "一", "-x", "x", "", "A", "Å", "y"];
  for (const option of [{}, { numeric: true }, { sensitivity: "base" }, { caseFirst: "upper" }, { ignorePunctuation: true }]) console.log(locale, JSON.stringify(option), words.slice().sort(new Intl.Collator(locale, option).compare).join(" "));
  for (const granularity of ["grapheme", "word", "sentence"]) for (const text of ["Hello, world! How's it? 3.14 café.", "日本語のテキスト分割です。", "e\u0301👨‍👩‍👧‍👦🇩🇪", "ประเทศไทย", "नमस्ते दुनिया"]) {
    console.log(locale, granularity, [...new Intl.Segmenter(locale, { granularity }).segment(text)].map((part) => part.segment + (part.isWordLike ?? "")).join("|"));
  }
  console.log(locale, at.toLocaleString(locale), "|", at.toLocaleDateString(locale), "|", at.toLocaleTimeString(locale), "|", (1234.5).toLocaleString(locale), "|", [1.5, at, "x"].toLocaleString(locale), "|", 12345678901n.toLocaleString(locale, { style: "currency", currency: "EUR" }));
}
for (const tag of ["en-us", "DE-de-u-co-phonebk", "zh-hant-tw", "iw", "sr-Latn-RS-u-nu-latn-kn", "en-a-foo-u-hc-h12-x-y"]) {
  const locale = new Intl.Locale(tag);
  console.log(tag, Intl.getCanonicalLocales(tag)[0], String(locale), locale.language, locale.script, locale.region, locale.baseName, locale.calendar, locale.numeric, locale.hourCycle, locale.collation, String(locale.maximize()), String(locale.minimize()), JSON.stringify(locale.textInfo));
}
console.log(String(new Intl.Locale("de", { region: "AT", hourCycle: "h12", numeric: true, calendar: "gregory" })));
console.log(JSON.stringify(Intl.NumberFormat.supportedLocalesOf(["en-XX", "xx", "de-DE-u-nu-arab"])), new Intl.NumberFormat(["xx", "fr-FR"]).resolvedOptions().locale, JSON.stringify(new Intl.NumberFormat("de-DE-u-nu-arab").resolvedOptions()));
console.log("istanbul".toLocaleUpperCase("tr"), "ΑΣ".toLocaleLowerCase("el"), "Straße".toLocaleUpperCase("de"), "ä".localeCompare("z", "de"), "ä".localeCompare("z", "sv"), "a".localeCompare("B"), ["b", "a", "C"].sort((a, b) => a.localeCompare(b)).join());
console.log(Intl.supportedValuesOf("unit").join(), Object.prototype.toString.call(Intl), Object.getOwnPropertyNames(Intl.NumberFormat).join(), Intl.DisplayNames.length, (0).toLocaleString.length);
