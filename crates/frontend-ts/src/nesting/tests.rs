//! The bound must hold for whatever the parser does: these tests compare it with what compiling really costs.

use std::time::{Duration, Instant};

use super::*;
use crate::compile::{Format, Unit, compile_here};
use crate::language::Language;
use crate::transform::Decorators;

/// What can stand in the way of a parser.
const TOKENS: &[&str] = &[
    "(",
    "[",
    "{",
    "<",
    "a",
    "=",
    "=>",
    "!",
    "?",
    ":",
    ",",
    "...",
    "async ",
    "`${",
    "function ",
    "class ",
    "new ",
    "if(",
    "else ",
    "@",
    "typeof ",
    "keyof ",
    "extends ",
    "infer ",
    "await ",
    "yield ",
    "import(",
    "a:",
    "{a:",
    "(a)",
    "(a=",
    "<a>",
    "a<",
    "a?",
    "for(",
    "static{",
    "|",
    "&",
    "-",
    "do ",
    "**",
    "get ",
    "enum ",
    "namespace a",
    "type a=",
    "case ",
    "a=>",
    "()=>",
    "abstract ",
    "as ",
    "is ",
    "asserts ",
    "readonly ",
    "var ",
    "=a",
    "{a=",
    "#a",
    "export default ",
    "super(",
    "a(",
    "?.(",
    "</a>",
    "<a b={",
    ")",
    "]",
    "}",
    ">",
    ".a",
    "a.",
    "a`",
    "`",
    ";",
    "a+",
    "{[",
    "switch(a){case a:",
    "try{",
    "in ",
    "/",
    "\"",
    "'",
    "//",
    "/*",
    "a\n",
    "label:",
    "<<",
    "<a b=<c>",
    "<a.b",
    "<a<b>>",
    "<T>(",
    "<T extends a>(",
    ":<T>(a:",
    "/>",
    "<>",
    "</",
    "</>",
    "< a",
    "a< <",
];

/// Asks the system how much of the stack around `address` was touched.
fn stack_used(address: usize) -> usize {
    let maps = std::fs::read_to_string("/proc/self/smaps").expect("a Linux system");
    let mut inside = false;
    for line in maps.lines() {
        let range = line.split_once(' ').and_then(|(range, _)| range.split_once('-'));
        let parse = |text| usize::from_str_radix(text, 16);
        if let Some((Ok(start), Ok(end))) = range.map(|(start, end)| (parse(start), parse(end))) {
            inside = (start..end).contains(&address);
        } else if inside && line.starts_with("Rss:") {
            return line.split_whitespace().nth(1).and_then(|size| size.parse::<usize>().ok()).unwrap_or(0)
                << 10;
        }
    }
    0
}

/// Compiles on a huge stack. Answers how much of it was used, and the time.
fn cost(source: &str, language: Language) -> (usize, Duration) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(2 << 30);
        let run = move || {
            let here = 0_u8;
            let unit = Unit {
                name: "test",
                source,
                language,
                format: Format::Module,
                decorators: &|| Decorators::Legacy { metadata: true },
                shape: true,
                production: true,
            };
            let start = Instant::now();
            let _ = std::hint::black_box(compile_here(&unit));
            let time = start.elapsed();
            (stack_used(&raw const here as usize), time)
        };
        thread.spawn_scoped(scope, run).expect("a thread").join().expect("no panic")
    })
}

fn dialect(language: Language) -> Dialect {
    Dialect { types: language.is_typescript(), jsx: language.is_jsx() }
}

/// Repeats a pattern and checks that what the bound allows is cheap enough. Answers the share of the bound that is used.
fn check_pattern(prefix: &str, pattern: &str, times: usize, language: Language) -> Option<f64> {
    let source = format!("{prefix}{}", pattern.repeat(times));
    let bound = measure(&source, dialect(language), 2_000).ok()?;
    let (used, time) = cost(&source, language);
    assert!(
        used <= bound + STACK_INLINE_BYTES / 2,
        "{language:?}: {prefix}{pattern} x {times}: bound {bound}, used {used}"
    );
    assert!(time < Duration::from_secs(20), "{language:?}: {prefix}{pattern} x {times}: {time:?}");
    Some(used as f64 / (bound + 64 * 1024) as f64)
}

const PREFIXES: &[&str] = &["", "x=", "type x=", "class A{", "let ", "x=<a>", "function f("];

#[test]
fn pairs_of_tokens_stay_within_the_bound() {
    for (index, first) in TOKENS.iter().enumerate() {
        for (other, second) in TOKENS.iter().enumerate() {
            let which = index * 7 + other * 3;
            if which % 29 == 0 {
                let language = [Language::TypeScript, Language::JavaScript, Language::Tsx][which / 29 % 3];
                check_pattern(PREFIXES[which % PREFIXES.len()], &format!("{first}{second}"), 150, language);
            }
        }
    }
}

/// Valid programs: what opens, what is inside, what closes. All passes run over them.
const NESTS: &[(&str, &str, &str, &str)] = &[
    ("", "(", "1", ")"),
    ("", "[", "1", "]"),
    ("x=", "{a:", "1", "}"),
    ("", "{", "", "}"),
    ("", "!", "1", ""),
    ("", "- ", "1", ""),
    ("", "a=", "1", ""),
    ("", "a?a:", "1", ""),
    ("", "a?", "1", ":1"),
    ("", "a=>", "1", ""),
    ("", "()=>", "1", ""),
    ("", "()=>{", "1", "}"),
    ("x=", "(a=", "1", ")=>1"),
    ("", "`${", "1", "}`"),
    ("", "if(1)", "1", ""),
    ("", "if(1);else ", "1", ""),
    ("", "if(1){}else ", "1", ""),
    ("", "a**", "1", ""),
    ("", "a(", "1", ")"),
    ("", "function f(){", "", "}"),
    ("", "(function(){", "", "})()"),
    ("", "(async()=>{await ", "1", "})()"),
    ("", "new ", "a", ""),
    ("", "typeof ", "a", ""),
    ("", "import(", "a", ")"),
    ("let ", "[", "a", "]"),
    ("let ", "[", "a", "]=1"),
    ("", "while(1)", "1", ""),
    ("", "do ", "1;", "while(1);"),
    ("", "for(;;)", "1", ""),
    ("", "for(a of ", "b", ")"),
    ("", "switch(1){case 1:", "", "}"),
    ("", "try{", "", "}catch{}"),
    ("", "class A{static{", "", "}}"),
    ("", "class A{a=", "1", "}"),
    ("x=", "class{m(){return ", "1", "}}"),
    ("x=", "class extends ", "a", "{}"),
    ("", "a+", "1", ""),
    ("", "", "a", ".a"),
    ("", "", "a", "()"),
    ("", "", "a", "[0]"),
    ("", "", "a", "?.a"),
    ("", "", "a", "``"),
    ("", "", "a", "+1"),
    ("", "", "a", "&&1"),
    ("", "", "a", "??1"),
    ("", "", "a", ",1"),
    ("", "", "1", ";"),
    ("", "", "\"a\"", "+\"b\""),
    ("x=", "{get a(){return ", "1", "}}"),
    ("x=", "{[", "a", "]:1}"),
    ("", "label:", "1", ""),
    ("", "", "a", "++;a"),
    ("", "a||(b&&", "1", ")"),
    ("export default ", "(", "1", ")"),
    ("", "a=b?c:", "1", ""),
    ("x=", "{...", "a", "}"),
    ("x=", "[...", "a", "]"),
];

/// The same for TypeScript.
const TYPE_NESTS: &[(&str, &str, &str, &str)] = &[
    ("type x=", "(", "a", ")"),
    ("type x=", "[", "a", "]"),
    ("type x=", "{a:", "a", "}"),
    ("type x=", "()=>", "a", ""),
    ("type x=", "a extends b?c:", "a", ""),
    ("type x=", "a extends b?", "a", ":c"),
    ("type x=", "keyof ", "a", ""),
    ("let x:", "a<", "a", ">"),
    ("", "<a>", "1", ""),
    ("", "", "a", " as a"),
    ("", "", "a", "!"),
    ("", "", "a", " satisfies a"),
    ("type x=", "`${", "a", "}`"),
    ("type x=", "", "a", "|a"),
    ("type x=", "", "a", "&a"),
    ("type x=", "", "a", "[0]"),
    ("type x=", "", "a", ".a"),
    ("", "f<", "a", ">(1)"),
    ("", "namespace a{export ", "let b=1", "}"),
    ("", "namespace a.", "b{export let c=1}", ""),
    ("enum A{a=", "(", "1", ")}"),
    ("", "(x:a<b>=", "1", ")=>1"),
    ("", "class A{constructor(public a=", "1", "){}}"),
    ("type x=", "(a:", "a", ")=>b"),
    ("", "f(", "1", " as a)"),
    ("type x=", "a extends infer b extends ", "c", "?d:e"),
    ("x=", "<T>(a:T)=>", "1", ""),
    ("", "a=b as c?d:", "1", ""),
    ("function f", "", "(){}", ""),
    ("type x=", "typeof a<", "b", ">"),
    ("", "@(", "a", ") class A{}"),
    ("type x=", "{[k in a]:", "b", "}"),
    ("", "@a() class A{m(){", "", "}}"),
    ("type x=", "new()=>", "a", ""),
];

#[test]
fn valid_nests_stay_within_the_bound() {
    let mut worst = Vec::new();
    let javascript = NESTS.iter().map(|nest| (nest, Language::JavaScript));
    let typescript = NESTS.iter().chain(TYPE_NESTS).map(|nest| (nest, Language::TypeScript));
    for (&(prefix, open, inside, close), language) in javascript.chain(typescript) {
        for times in [100, 700] {
            let source = format!("{prefix}{}{inside}{}", open.repeat(times), close.repeat(times));
            if let Some(share) = check_pattern("", &source, 1, language) {
                worst.push((share, format!("{language:?} {prefix} {open} {inside} {close} x {times}")));
            }
        }
    }
    worst.sort_by(|left, right| right.0.total_cmp(&left.0));
    for (share, pattern) in worst.iter().take(25) {
        println!("{share:.2} {pattern}");
    }
}

#[test]
#[ignore = "takes minutes: run it when the parser or the scanner changes"]
fn triples_of_tokens_stay_within_the_bound() {
    let step: usize = std::env::var("STEP").ok().and_then(|step| step.parse().ok()).unwrap_or(31);
    let mut count = 0_usize;
    let mut worst = Vec::new();
    for first in TOKENS {
        for second in TOKENS {
            for third in TOKENS {
                count += 1;
                if !count.is_multiple_of(step) {
                    continue;
                }
                let pattern = format!("{first}{second}{third}");
                let prefix = PREFIXES[count / step % PREFIXES.len()];
                for language in [Language::TypeScript, Language::JavaScript, Language::Tsx] {
                    if let Some(share) = check_pattern(prefix, &pattern, 300, language) {
                        worst.push((share, format!("{language:?} {prefix}{pattern}")));
                    }
                }
            }
        }
    }
    worst.sort_by(|left, right| right.0.total_cmp(&left.0));
    for (share, pattern) in worst.iter().take(40) {
        println!("{share:.2} {pattern}");
    }
}

/// Numbers that look random and are the same at every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).expect("48 bits fit") % bound
    }

    fn pattern(&mut self, length_max: usize) -> String {
        let length = 1 + self.below(length_max);
        (0..length).map(|_| TOKENS[self.below(TOKENS.len())]).collect()
    }
}

fn check_random(seed: u64, count: usize) {
    let mut numbers = Numbers(seed);
    for round in 0..count {
        let language = [Language::TypeScript, Language::JavaScript, Language::Tsx, Language::Jsx][round % 4];
        let prefix = numbers.pattern(4);
        let pattern = numbers.pattern(7);
        let times = [1, 12, 40, 300][numbers.below(4)];
        check_pattern(&prefix, &pattern, times, language);
    }
}

/// What can make a scanner lose its way: it must not overlook the brackets behind.
const CONFUSING: &[&str] = &[
    "/",
    "'",
    "\"",
    "`",
    "a",
    "}",
    ")",
    "]",
    "{",
    "(",
    "[",
    ";",
    "\n",
    "=>",
    "return ",
    "/*",
    "*/",
    "//",
    "a++",
    "a!",
    "=",
    "+",
    "<",
    ">",
    "<a>",
    "</a>",
    "\\",
    "var a",
    "type a=b",
    "if(a)",
    "function f(){}",
    "class A{}",
    "()=>{}",
    "${",
    "\u{2028}",
    "in ",
    "of ",
    "await ",
    "yield ",
    "#a",
    "1",
    "1.",
    ".5",
    "?.",
    ":",
    ",",
    "a",
    "a ",
    "\r",
    "@a ",
    "/=",
    "/[",
    "\\u{61}",
    "import 'a'",
    "export{}",
    "case ",
    "default:",
    "switch(a){",
    "do ",
    "else ",
    "try{}",
    "catch{}",
    "x={",
    "async ",
    "let ",
    "static ",
    "get ",
    "as ",
    "is ",
    "!",
    "-->",
    "<!--",
    "?",
    "~",
];

fn check_confused(seed: u64, count: usize) {
    let mut numbers = Numbers(seed);
    for round in 0..count {
        let language = [Language::TypeScript, Language::JavaScript, Language::Tsx, Language::Jsx][round % 4];
        let length = 1 + numbers.below(6);
        let prefix: String = (0..length).map(|_| CONFUSING[numbers.below(CONFUSING.len())]).collect();
        let nest = ["(", "[", "!", "a=>", "a=", "{a:[", "a?a:", "`${"][numbers.below(8)];
        check_pattern(&prefix, nest, 500, language);
    }
}

#[test]
fn confusing_tokens_do_not_hide_what_follows() {
    check_confused(0xdead_beef_0bad_cafe, 600);
}

#[test]
#[ignore = "takes minutes: run it when the parser or the scanner changes"]
fn many_confusing_tokens_do_not_hide_what_follows() {
    let seed =
        std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(2_685_821_657_736_338_717);
    let count = std::env::var("COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(100_000);
    check_confused(seed, count);
}

#[test]
fn random_tokens_stay_within_the_bound() {
    check_random(0x9e37_79b9_7f4a_7c15, 600);
}

#[test]
#[ignore = "takes minutes: run it when the parser or the scanner changes"]
fn many_random_tokens_stay_within_the_bound() {
    let seed =
        std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(88_172_645_463_325_252);
    let count = std::env::var("COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(100_000);
    check_random(seed, count);
}
