//! Erasing must mean the same as transforming: every sample goes both ways.

use oxc::allocator::Allocator;
use oxc::codegen::{Codegen, CodegenOptions, CommentOptions};
use oxc::parser::Parser;
use oxc::span::SourceType;

use super::*;

/// Prints JavaScript in one way, without what says nothing.
fn print(code: &str, name: &str) -> String {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, code, SourceType::mjs()).parse();
    assert!(parsed.diagnostics.is_empty(), "{name}: {:?}\n{code}", parsed.diagnostics);
    let options = CodegenOptions { comments: CommentOptions::disabled(), ..CodegenOptions::default() };
    let printed = Codegen::new().with_options(options).build(&parsed.program).code;
    let says_something = |line: &&str| !matches!(line.trim(), ";" | "export {};");
    printed.lines().filter(says_something).map(|line| line.to_owned() + "\n").collect()
}

fn erased(source: &str) -> Option<String> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, source, SourceType::ts()).parse();
    assert!(parsed.diagnostics.is_empty(), "{source}: {:?}", parsed.diagnostics);
    match erase(&parsed.program, source) {
        Erased::Done { code, .. } => Some(code.unwrap_or_else(|| source.to_owned())),
        Erased::Needs(_) => None,
    }
}

fn transformed(source: &str, name: &str) -> Option<String> {
    let allocator = Allocator::default();
    let mut program = Parser::new(&allocator, source, SourceType::ts()).parse().program;
    crate::transform::transform(&allocator, &mut program, name, false, None).ok().map(|(code, _)| code)
}

/// Checks that both ways agree. Answers whether the source could be erased.
fn same(source: &str, name: &str) -> bool {
    let Some(blanked) = erased(source) else { return false };
    let Some(expected) = transformed(source, name) else { return false };
    let twice = |code: &str| print(&print(code, name), name);
    assert_eq!(twice(&blanked), twice(&expected), "{name}\n{blanked}");
    let (before, after): (Vec<u16>, Vec<u16>) =
        (source.encode_utf16().collect(), blanked.encode_utf16().collect());
    assert_eq!(before.len(), after.len(), "{name}: positions moved");
    let blank = [u16::from(b' '), u16::from(b';')];
    assert!(
        before.iter().zip(&after).all(|(before, after)| before == after || blank.contains(after)),
        "{name}"
    );
    true
}

/// Checks what is left; `same` checks that it is where it was.
fn check(source: &str, expected: &str) {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(erased(source).as_deref().map(words), Some(words(expected)));
    assert!(same(source, "sample"), "{source}");
}

#[test]
fn annotations_become_blanks() {
    check("let a: number = 1;", "let a         = 1;");
    check("let a!: T", "let a    ");
    check(
        "function f<T>(this: T, a?: string, ...b: T[]): a is T { }",
        "function f   (         a         , ...b     )         { }",
    );
    check("const f = <T,>(a: T): T => a;", "const f =     (a   )    => a;");
    check("a as B; c! + d!.e; f<G>(h); i satisfies J;", "a     ; c  + d .e; f   (h); i            ;");
    check("try { } catch (e: unknown) { }", "try { } catch (e         ) { }");
    check("const {a, b}: {a: 1, b: 2} = c as any;", "const {a, b}               = c       ;");
    check("new A<B>(); t<B>`c`; a?.<B>(c);", "new A   (); t   `c`; a?.   (c);");
}

#[test]
fn declarations_become_blanks() {
    check("interface A { b: 1 }\nb();", ";                   \nb();");
    check("const a = 1\ntype B = 2\n;(a)", "const a = 1\n;         \n (a)");
    check(
        "declare const a: 1; declare function b(): void; declare enum C {}",
        ";                   ;                            ;                ",
    );
    check(
        "export type A = 1; export interface B {} export declare class C {}",
        ";                  ;                      ;                        ",
    );
    check("function f(a: 1): void; function f(a) {}", ";                       function f(a) {}");
    check(
        "declare module \"a\" { } declare global { } declare namespace N { }",
        ";                      ;                  ;                      ",
    );
    check("export default interface A {}", ";                            ");
}

#[test]
fn class_members_become_blanks() {
    check(
        "abstract class A<T> extends B<T> implements C, D { }",
        "         class A    extends B                      { }",
    );
    check(
        "export default abstract class implements /* implements */ C { }",
        "export default          class                               { }",
    );
    check(
        "class A { private readonly a: number = 1; b: string; #c: T; static d?: 1 }",
        "class A {                  a         = 1; ;          #c   ; ;           }",
    );
    check(
        "abstract class A { abstract m(): void; n?(): T { } constructor(a); constructor() { } }",
        "class A { ; n ()    { } ;               constructor() { } }",
    );
    check(
        "class A { declare a: 1; override b() { } public static async *c() { } }",
        "class A { ;                      b() { }        static async *c() { } }",
    );
    check(
        "class A { a = 1\n public [b] = 2\n private *c() { } }",
        "class A { a = 1\n ;      [b] = 2\n ;       *c() { } }",
    );
    check(
        "class A { [key: string]: any; [b()]: string; get c(): T { } }",
        "class A { ; [b()] ; get c()    { } }",
    );
    check("class A { public static readonly [a]: T = 1 }", "class A {        static          [a]    = 1 }");
}

#[test]
fn imports_of_types_become_blanks() {
    check("import type { A } from 'a'; import 'b';", ";                           import 'b';");
    check("import { A, b } from 'a'; let c: A = b;", "import {    b } from 'a'; let c    = b;");
    check("import A, { B } from 'a'; let c: A = B;", "import    { B } from 'a'; let c    = B;");
    check("import a, { type B, C } from 'a'; a()", "import a, {            } from 'a'; a()");
    check("import a, * as b from 'a'; a as b.C", "import a          from 'a'; a       ");
    check("import A, * as b from 'a'; b as A", "import    * as b from 'a'; b     ");
    check("import { A } from 'a'; export { A };", "import { A } from 'a'; export { A };");
    check(
        "export { type A, b } from 'a'; export type * from 'b'; export { type C } from 'c';",
        "export {         b } from 'a'; ;                       ;                            ",
    );
    check(
        "import { A } from 'a'; interface B extends A {}",
        ";                      ;                       ",
    );
}

#[test]
fn positions_count_utf16() {
    check("let a: '😀é' = b, c = 1", "let a          = b, c = 1");
    check("type A =\n  | 'é'\r\n  | 1;\nb", ";       \n       \r\n      \nb");
}

#[test]
fn what_is_more_than_types_is_left() {
    for source in [
        "enum A { B }",
        "namespace A { export const b = 1 }",
        "class A { constructor(private b) { } }",
        "let a = <B>c",
        "import a = B.c; a",
        "const f = (a):\n T => a",
        "a as B\n(c)",
        "a as B\n[c]",
        "interface A { } export { A }",
        "import { A } from 'a'; function f(A) { A() }",
        "@a class B { }",
        "class A { @b c: D }",
        "class A { accessor b = 1 }",
        "return_(async <\nT>(a) => a)",
        "type A = 1; export default A",
    ] {
        assert_eq!(erased(source), None, "{source}");
    }
}

/// Compares on real sources: `CORPUS=directory cargo test -- --ignored corpus`.
#[test]
#[ignore = "needs a directory with TypeScript sources in CORPUS"]
fn corpus_is_erased_as_it_is_transformed() {
    let Ok(root) = std::env::var("CORPUS") else { return println!("skipped: CORPUS is not set") };
    let mut directories = vec![std::path::PathBuf::from(root)];
    let (mut count, mut could) = (0, 0);
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let name = path.to_string_lossy().into_owned();
            let is_source = [".ts", ".mts"].iter().any(|end| name.ends_with(end)) && !name.contains(".d.");
            let Ok(source) = std::fs::read_to_string(&path) else { continue };
            let allocator = Allocator::default();
            if is_source && Parser::new(&allocator, &source, SourceType::ts()).parse().diagnostics.is_empty()
            {
                count += 1;
                could += usize::from(same(&source, &name));
            }
        }
    }
    println!("{could} of {count} sources need nothing but blanks");
}
