//! `b8g build` and `b8g inspect`, and running what was built.

mod common;

use common::Place;

const APP: &str = "import { args } from 'b8g';\n\
    const squares: number[] = []; for (let i = 0; i < 1000; i++) squares.push(i * i);\n\
    globalThis.draws = [Math.random()];\n\
    export async function main(argv: string[]) {\n\
      console.log(argv.join(), squares[30], args === argv);\n\
      await null;\n\
      if (argv[0] === 'fail') throw new RangeError('of main');\n\
      console.log(Math.random());\n\
    }\n";

#[test]
fn a_built_program_goes_on_with_main() {
    let place = Place::new().with("app.ts", APP);
    let built = place.b8g(&["build", "app.ts"]);
    built.code(0).stdout("");
    assert!(built.stderr.starts_with("b8g: wrote app.b8g: "), "{built:?}");
    // The sources are not needed any more.
    std::fs::remove_file(place.join("app.ts")).unwrap();
    let draws: Vec<String> = (0..2)
        .map(|_| {
            let ended = place.b8g(&["run", "app.b8g", "a", "b"]);
            ended.code(0);
            assert!(ended.stdout.starts_with("a,b 900 true\n0."), "{ended:?}");
            ended.stdout
        })
        .collect();
    assert_ne!(draws[0], draws[1]);
    let failed = place.b8g(&["run", "app.b8g", "fail"]);
    failed.code(1).says("RangeError: of main\n    at main (app.ts:7:");
    let seeded = |n: &str| place.b8g(&["run", "--seed", n, "app.b8g"]).stdout.clone();
    assert_eq!(seeded("5"), seeded("5"));
    assert_ne!(seeded("5"), seeded("6"));
}

#[test]
fn what_cannot_be_built_says_what_to_do() {
    let place = Place::new()
        .with("main-less.js", "console.log('ran')")
        .with(
            "reads.js",
            "import { readTextFile } from 'b8g'; await readTextFile('a.txt'); export default () => {}",
        )
        .with("loops.js", "for (;;);")
        .with("throws.ts", "throw new Error('at the top')")
        .with("exits.js", "import { exit } from 'b8g'; exit(7)");
    place.b8g(&["build", "main-less.js"]).code(1).says("export function main").says("--no-init");
    place.b8g(&["build", "reads.js"]).code(1).says("a.txt").says("runs with nothing granted");
    place.b8g(&["build", "--timeout=100ms", "loops.js"]).code(124).says("--timeout");
    place.b8g(&["build", "throws.ts"]).code(1).says("at the top").says("throws.ts:1:7");
    place.b8g(&["build", "exits.js"]).code(1).says("exit code 7");
    place.b8g(&["build", "missing.js"]).code(2);
    place.b8g_with(&["build", "--lang=js", "-"], b"export default () => {}").code(2).says("-o FILE");
    let images = std::fs::read_dir(place.join(".")).unwrap().filter_map(Result::ok);
    let left: Vec<_> = images
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| name.contains("b8g"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    place.b8g(&["build", "-q", "--no-init", "main-less.js"]).code(0).stderr("");
    place.b8g(&["run", "main-less.b8g"]).code(0).stdout("ran\n");
    place.b8g(&["build", "main-less.b8g"]).code(2).says("is an image already");
}

#[test]
fn an_image_may_do_what_is_granted_when_it_runs() {
    let place = Place::new().with(
        "reads.js",
        "import { readTextFile } from 'b8g'; export default async () => console.log(await readTextFile('a.txt'))",
    );
    std::fs::write(place.join("a.txt"), "text").unwrap();
    place.b8g(&["build", "-q", "-o", "x", "reads.js"]).code(0);
    place.b8g(&["run", "x"]).code(1).says("--allow-read=a.txt");
    place.b8g(&["run", "--allow-read=a.txt", "x"]).code(0).stdout("text\n");
}

#[test]
fn what_nobody_uses_of_a_package_is_not_built() {
    let count = "globalThis.ran = (globalThis.ran ?? 0) + 1";
    let index: String = (0..200).fold(String::new(), |text, n| {
        text + &format!(
            "export {{ f{n} }} from './{}.js';\n",
            if n == 7 { "odd".to_owned() } else { n.to_string() }
        )
    });
    let place = Place::new();
    std::fs::create_dir_all(place.join("node_modules/many")).unwrap();
    let mut place = place
        .with(
            "app.js",
            "import { f42 } from 'many'; export function main() { console.log(f42(), globalThis.ran) }",
        )
        .with("node_modules/many/package.json", "{ \"type\": \"module\", \"sideEffects\": [\"./odd.js\"] }")
        .with("node_modules/many/index.js", &index)
        .with("node_modules/many/odd.js", "globalThis.odd = true; export const f7 = () => 7")
        .with("node_modules/many/shared.js", format!("{count}; export const twice = n => 2 * n"));
    for n in (0..200).filter(|&n| n != 7) {
        let text =
            format!("import {{ twice }} from './shared.js'; {count}; export const f{n} = () => twice({n})");
        place = place.with(&format!("node_modules/many/{n}.js"), &text);
    }
    place.b8g(&["build", "-q", "app.js"]).code(0);
    place.b8g(&["run", "app.b8g"]).code(0).stdout("84 2\n");
    place.b8g(&["build", "-q", "--no-shake", "-o", "whole.b8g", "app.js"]).code(0);
    place.b8g(&["run", "whole.b8g"]).code(0).stdout("84 200\n");
    let place = place
        .with("all.js", "import { f42 } from 'many'; console.log(f42(), globalThis.ran, globalThis.odd)");
    place.b8g(&["run", "all.js"]).code(0).stdout("84 200 true\n");
    place.b8g(&["build", "-q", "--no-init", "all.js"]).code(0);
    place.b8g(&["run", "all.b8g"]).code(0).stdout("84 2 true\n");
    let source = "import { f7 } from 'many'; export default () => console.log(f7(), globalThis.ran)";
    place.b8g_with(&["build", "-q", "--lang=js", "-o", "stdin.b8g", "-"], source.as_bytes()).code(0);
    place.b8g(&["run", "stdin.b8g"]).code(0).stdout("7 undefined\n");
}

#[test]
fn wasm_is_frozen_before_its_start() {
    let text = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1) (global $n (mut i32) (i32.const 0))
        (func $s (global.set $n (i32.add (global.get $n) (i32.const 9)))) (start $s)
        (func (export "_start") (call $exit (global.get $n))))"#;
    let place = Place::new().with("nine.wat", text);
    place.b8g(&["build", "-q", "nine.wat"]).code(0);
    place.b8g(&["run", "nine.b8g"]).code(9);
    let add =
        "(module (func (export \"add\") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))";
    let place = place.with("add.wat", add).with(
        "t.wat",
        "(module (table 1 funcref) (func (export \"_start\") (table.set (i32.const 0) (ref.null func))))",
    );
    place.b8g(&["build", "-q", "add.wat"]).code(0);
    place.b8g(&["run", "--invoke", "add", "add.b8g", "40", "2"]).code(0).stdout("42\n");
    place.b8g(&["build", "t.wat"]).code(1).says("changes table 0");
}

#[test]
fn damage_is_told_with_its_place() {
    let place = Place::new().with("app.ts", APP);
    place.b8g(&["build", "-q", "app.ts"]).code(0);
    let whole = std::fs::read(place.join("app.b8g")).unwrap();
    let report =
        |ended: &common::Ended| -> serde_json::Value { serde_json::from_str(&ended.stdout).unwrap() };
    let ended = place.b8g(&["inspect", "--json", "app.b8g"]);
    ended.code(0);
    let valid = report(&ended);
    assert_eq!((valid["verdict"].as_str(), valid["main"].as_str()), (Some("valid"), Some("main")));
    assert_eq!(valid["sections"][0]["offset"], 4096);
    let text = place.b8g(&["inspect", "app.b8g"]).stdout;
    assert!(text.contains("calls main") && text.contains("heap: ") && text.contains("manifest 0"), "{text}");
    let mut flipped = whole.clone();
    let middle = flipped.len() - 5000;
    flipped[middle] ^= 4;
    std::fs::write(place.join("bad.b8g"), &flipped).unwrap();
    let ended = place.b8g(&["inspect", "--json", "bad.b8g"]);
    ended.code(1);
    let damaged = report(&ended);
    assert_eq!(damaged["verdict"], "damaged");
    let wrong: Vec<&serde_json::Value> =
        damaged["checksums"].as_array().unwrap().iter().filter(|checksum| checksum["ok"] == false).collect();
    assert!(wrong.len() == 1 && wrong[0]["name"] == "pages 0", "{damaged}");
    assert_eq!(wrong[0]["stored"], valid["checksums"][2]["computed"]);
    place.b8g(&["run", "bad.b8g"]).code(1).says("damaged at byte ").says("section pages");
    std::fs::write(place.join("cut.b8g"), &whole[..whole.len() - 1]).unwrap();
    place.b8g(&["run", "cut.b8g"]).code(1).says("damaged at byte ");
    place.b8g(&["inspect", "none.b8g"]).code(2);
    let heap = &valid["contexts"][0]["heap"];
    assert!(heap["objects"].as_u64() > Some(3) && heap["bytes"].as_u64() > Some(8000), "{heap}");
}

const LEARNS: &str = "import { args, checkpoint } from 'b8g';\n\
    const learned: number[] = []; for (let i = 0; i < 100000; i++) learned.push(i);\n\
    let { restored, copy } = await checkpoint();\n\
    console.log(restored, copy, learned.length, args.join(), restored ? Math.random() : '');\n";

#[test]
fn a_program_goes_on_from_its_checkpoint() {
    let place = Place::new().with("learn.ts", LEARNS).with("plain.js", "console.log(1)");
    place.b8g(&["run", "learn.ts", "a"]).code(0).stdout("false null 100000 a \n");
    let frozen = place.b8g(&["snapshot", "learn.ts", "a", "b"]);
    frozen.code(0).stdout("false null 100000 a,b \n");
    assert!(frozen.stderr.starts_with("b8g: wrote learn.b8g: "), "{frozen:?}");
    std::fs::remove_file(place.join("learn.ts")).unwrap();
    let resumed = |arguments: &[&str]| -> Vec<String> {
        let ended = place.b8g(&[&["resume"], arguments].concat());
        ended.code(0).stderr("");
        let mut lines: Vec<String> = ended.stdout.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let (first, second) = (resumed(&["learn.b8g", "--", "c"]), resumed(&["learn.b8g", "--", "c"]));
    assert!(first[0].starts_with("true 0 100000 c 0.") && first != second, "{first:?} {second:?}");
    let copies = resumed(&["--copies=5", "learn.b8g"]);
    assert_eq!(copies.len(), 5);
    let draws: std::collections::BTreeSet<&str> =
        copies.iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(draws.len(), 5, "{copies:?}");
    assert!(copies.iter().enumerate().all(|(i, line)| line.starts_with(&format!("true {i} 100000 "))));
    let seeded = resumed(&["--seed=4", "learn.b8g"]);
    assert_eq!(seeded, resumed(&["--seed=4", "learn.b8g"]));

    place.b8g(&["snapshot", "plain.js"]).code(1).stdout("1\n").says("never awaited checkpoint()");
    assert!(!place.join("plain.b8g").exists());
    place.b8g(&["resume", "plain.js"]).code(2).says("is no image");
    place.b8g(&["snapshot", "learn.b8g"]).code(2).says("-o FILE");
    place
        .b8g(&["snapshot", "--child", "--stop", "-o", "./learn.b8g", "learn.b8g"])
        .code(2)
        .says("would replace");
    place.b8g(&["build", "-o", "plain.js", "plain.js"]).code(2).says("would replace");
    // A report tells of a program that was ended at its checkpoint too.
    place.b8g(&["snapshot", "-q", "--stop", "--report=report.json", "-o", "x.b8g", "learn.b8g"]).code(1);
    let asks = "import { checkpoint } from 'b8g'; await checkpoint(); await new Promise(() => {})";
    std::fs::write(place.join("asks.js"), asks).unwrap();
    place.b8g(&["snapshot", "-q", "--stop", "--report=report.json", "asks.js"]).code(0);
    assert_eq!((&place.report()["reason"], &place.report()["exit_code"]), (&"exit".into(), &0.into()));
    place.b8g(&["snapshot", "--child", "plain.js"]).code(2).says("is no image");
    let seeded = resumed(&["--seed=4", "--copies=3", "learn.b8g"]);
    assert_eq!(seeded, resumed(&["--seed=4", "--copies=3", "learn.b8g"]));
    let draws: std::collections::BTreeSet<&str> =
        seeded.iter().map(|line| line.rsplit(' ').next().unwrap()).collect();
    assert_eq!(draws.len(), 3, "{seeded:?}");
    place.b8g(&["resume", "--copies=0", "learn.b8g"]).code(2).says("one at least");
    place.b8g(&["resume", "--copies=2", "--report=r.json", "learn.b8g"]).code(2).says("--report");
}

#[test]
fn what_ends_a_copy_is_told_with_its_number() {
    let source = "import { checkpoint } from 'b8g'; const { copy } = await checkpoint();\n\
        if (copy === 1) throw new RangeError('unlucky'); if (copy === 2) for (;;); console.log('ran', copy)";
    let place = Place::new().with("a.js", source);
    place.b8g(&["snapshot", "--stop", "-q", "a.js"]).code(0).stdout("").stderr("");
    let ended = place.b8g(&["resume", "--copies=4", "--timeout=300ms", "a.b8g"]);
    assert!(!ended.stderr.contains("wasm offset"), "{ended:?}");
    ended.code(1).says("b8g: copy 1:\n").says("unlucky").says("b8g: copy 2:\n").says("--timeout");
    assert!(ended.stdout.contains("ran 0\n") && ended.stdout.contains("ran 3\n"), "{ended:?}");
}

#[test]
fn images_build_upon_images() {
    let source = "import { checkpoint } from 'b8g'; const log = new Array(100000).fill(7);\n\
        for (;;) { log.push(log.length); const r = await checkpoint(); if (!r.restored) break; console.log(log.length) }";
    let place = Place::new().with("a.js", source);
    place.b8g(&["snapshot", "--stop", "-q", "-o", "0.b8g", "a.js"]).code(0);
    for n in 0..3 {
        let (from, to) = (format!("{n}.b8g"), format!("{}.b8g", n + 1));
        place.b8g(&["snapshot", "--stop", "--child", "-q", "-o", &to, &from]).code(0);
    }
    let size = |name: &str| std::fs::metadata(place.join(name)).unwrap().len();
    assert!(size("3.b8g") * 5 < size("0.b8g"), "{} {}", size("3.b8g"), size("0.b8g"));
    place.b8g(&["resume", "3.b8g"]).code(0).stdout("100004\n");
    let text = place.b8g(&["inspect", "3.b8g"]).stdout;
    assert!(text.contains("builds upon context 0 of ") && text.contains("(2.b8g)"), "{text}");
    place.b8g(&["squash", "3.b8g", "-o", "whole.b8g"]).code(0).stderr("");
    std::fs::create_dir(place.join("other")).unwrap();
    std::fs::rename(place.join("0.b8g"), place.join("other/0.b8g")).unwrap();
    place.b8g(&["resume", "3.b8g"]).code(1).says("builds upon 0.b8g").says("--parent");
    place.b8g(&["resume", "--parent=other/0.b8g", "3.b8g"]).code(0).stdout("100004\n");
    place.b8g(&["squash", "3.b8g", "-o", "x.b8g"]).code(1).says("--parent");
    place.b8g(&["resume", "whole.b8g"]).code(0).stdout("100004\n");
    place.b8g(&["image", "join", "whole.b8g", "other/0.b8g", "-o", "two.b8g"]).code(0);
    place.b8g(&["resume", "two.b8g"]).code(0).stdout("100004\n");
    place.b8g(&["resume", "--context=1", "two.b8g"]).code(0).stdout("100001\n");
    place.b8g(&["resume", "--context=2", "two.b8g"]).code(2).says("no context 2: it has 2");
    assert!(size("two.b8g") < size("whole.b8g") + size("other/0.b8g") / 2);
    place.b8g(&["image", "join", "3.b8g", "whole.b8g", "-o", "x.b8g"]).code(1).says("squash it first");
}

#[test]
fn machine_code_is_taken_from_who_is_trusted() {
    let add =
        "(module (func (export \"add\") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))";
    let place = Place::new().with("add.wat", add).with("not.pem", "not a key");
    place.b8g(&["build", "-q", "--native", "--main=add", "add.wat"]).code(0);
    place.b8g(&["sign", "--new-key", "key.pem", "add.b8g"]).code(0).stderr("");
    place.b8g(&["run", "--trust=key.pem.pub", "add.b8g", "40", "2"]).code(0).stdout("42\n");
    place.b8g(&["run", "add.b8g", "40", "2"]).code(0).stdout("42\n");
    place.b8g(&["run", "add.b8g", "40"]).code(2).says("add");
    let text = place.b8g(&["inspect", "add.b8g"]).stdout;
    for part in ["calls add", "signed by ", "holds machine code", "native 0"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    place.b8g(&["sign", "--new-key", "key.pem"]).code(2).says("key.pem");
    place.b8g(&["sign", "--key=not.pem", "add.b8g"]).code(2).says("no Ed25519 secret key");
    place.b8g(&["sign", "--key=key.pem.pub", "add.b8g"]).code(2).says("no Ed25519 secret key");
    place.b8g(&["sign", "add.b8g"]).code(2).says("--key");
    place.b8g(&["run", "--trust=none.pem", "add.b8g", "1", "2"]).code(2).says("none.pem");
    // Somebody else's signature says nothing, and a wrong one of the trusted key is told.
    place.b8g(&["sign", "--new-key", "other.pem", "-o", "other.b8g", "add.b8g"]).code(0);
    place.b8g(&["run", "--trust=other.pem.pub", "other.b8g", "1", "2"]).code(0).stdout("3\n");
    place.b8g(&["build", "-q", "--main=add", "-o", "plain.b8g", "add.wat"]).code(0);
    let signed = std::fs::read(place.join("add.b8g")).unwrap();
    let plain = std::fs::read(place.join("plain.b8g")).unwrap();
    let words = b8g_image::File::read(&signed).unwrap().signatures().to_vec();
    let forged = b8g_image::File::read(&plain).unwrap().with_signatures(&words).unwrap();
    std::fs::write(place.join("forged.b8g"), forged).unwrap();
    place.b8g(&["run", "--trust=key.pem", "forged.b8g", "1", "2"]).code(1).says("did not sign it");
    place.b8g(&["run", "forged.b8g", "1", "2"]).code(0).stdout("3\n");
    place.b8g(&["inspect", "forged.b8g"]).code(1);
    place.b8g(&["build", "--main=sub", "add.wat"]).code(2).says("exports no such function");
}

#[test]
fn an_image_says_what_it_needs() {
    let place = Place::new().with("a.js", "export const main = () => console.log('ran')").with("data", "");
    let build = ["build", "-q", "--want=read=data,net=example.com:443", "--want", "env=TOKEN", "a.js"];
    place.b8g(&build).code(0);
    let text = place.b8g(&["inspect", "a.b8g"]).stdout;
    let wants = "wants --allow-read=data\nwants --allow-net=example.com:443\nwants --allow-env=TOKEN\n";
    assert!(text.contains(wants), "{text}");
    let refused = place.b8g(&["run", "--allow-net", "a.b8g"]);
    refused.code(2).stdout("").says("needs what is not granted: --allow-read=data --allow-env=TOKEN\n");
    let granted = ["run", "--allow-read=data", "--allow-net=example.com", "--env=TOKEN=x", "a.b8g"];
    place.b8g(&granted).code(0).stdout("ran\n");
    place.b8g(&["build", "--want=disk=a", "a.js"]).code(2).says("--want=disk=a");
    place.b8g(&["build", "--want=net=a:99999", "a.js"]).code(2).says("a:99999");
    // An image of the image needs the same.
    let asks = "import { checkpoint } from 'b8g'; export const main = () => checkpoint()";
    let place = place.with("b.js", asks);
    place.b8g(&["build", "-q", "--want=read=data", "b.js"]).code(0);
    let child = ["snapshot", "-q", "--child", "--stop", "--allow-read=data", "-o", "c.b8g", "b.b8g"];
    place.b8g(&child).code(0);
    place.b8g(&["resume", "c.b8g"]).code(2).says("--allow-read=data");
    place.b8g(&["resume", "--allow-read=data", "c.b8g"]).code(0);
}

#[test]
fn what_a_program_reads_and_drops_is_not_in_its_image() {
    let source = "import { args, checkpoint, env, readTextFile } from 'b8g';\n\
        { const secrets = [env('TOKEN'), await readTextFile('file'), args[0]].map((text) => text.length); console.log(secrets.join()); }\n\
        args.length = 0; await checkpoint();";
    let place = Place::new().with("a.js", source).with("file", "secret-of-the-file");
    let grants = ["--env=TOKEN=secret-of-the-environment", "--allow-read=file"];
    let freeze = [&["snapshot", "-q", "--stop"], &grants[..], &["a.js", "secret-of-the-arguments"]].concat();
    place.b8g(&freeze).code(0).stdout("25,18,23\n");
    let image = std::fs::read(place.join("a.b8g")).unwrap();
    for secret in ["secret-of-the-file", "secret-of-the-environment", "secret-of-the-arguments"] {
        assert!(!image.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret}");
    }
}

#[test]
fn what_a_program_did_to_its_objects_keeps_nothing_from_being_renewed() {
    let source = "import { args, checkpoint } from 'b8g'; Object.freeze(args); Array.prototype.splice = () => { throw 1 };\n\
        const before = performance.timeOrigin; const { restored } = await checkpoint();\n\
        console.log(restored, performance.timeOrigin > before);";
    let place = Place::new().with("a.js", source);
    place.b8g(&["snapshot", "-q", "a.js"]).code(0).stdout("false false\n");
    place.b8g(&["resume", "a.b8g"]).code(0).stdout("true true\n");
}

#[test]
fn hostile_images_say_so_and_do_nothing_else() {
    use b8g_image::{File, Manifest, Parts, SectionKind, Want, WantedAccess};
    let place = Place::new().with("a.js", "export const main = () => console.log('ran')");
    place.b8g(&["build", "-q", "a.js"]).code(0);
    let whole = std::fs::read(place.join("a.b8g")).unwrap();
    let file = File::read(&whole).unwrap();
    let pages = file.section(SectionKind::Pages, 0).unwrap();
    let written = |change: &dyn Fn(&mut Manifest), shared: &[u8]| {
        let mut manifest = file.manifest().clone();
        change(&mut manifest);
        let parts = Parts {
            manifest: &manifest,
            wasm: None,
            program: None,
            shared,
            pages: vec![pages],
            native: None,
        };
        b8g_image::write(&parts)
    };
    // What no context can have is refused when it is read.
    for bytes in [(1 << 32) + 1, u64::MAX, 1 << 45] {
        let refused = written(&|manifest| manifest.contexts[0].memory_bytes = bytes, &[]).unwrap_err();
        assert!(refused.to_string().contains("more memory"), "{refused}");
    }
    // A page at the end of much memory costs neither the memory nor the cache.
    let far = |manifest: &mut Manifest| {
        manifest.contexts[0].memory_bytes = 3 << 30;
        manifest.shared = vec![((3 << 18) - 1, 1)];
    };
    let place = place.with("far.b8g", written(&far, &[7; 4096]).unwrap());
    let mut run = place.command(&["run", "far.b8g"]);
    let ended = run.env("XDG_CACHE_HOME", place.join("cache")).output().unwrap();
    assert_eq!(ended.status.code(), Some(137), "{ended:?}");
    let kept = std::fs::read_dir(place.join("cache/b8g")).unwrap();
    let kept = kept.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".b8gi"));
    assert_eq!(kept.count(), 0);
    // Whatever an image says is harmless where it is shown.
    let escapes = |manifest: &mut Manifest| {
        manifest.wants =
            vec![Want { access: WantedAccess::Read, target: "\u{1b}]0;pwned\u{7}\u{202e}".into() }];
    };
    let place = place.with("escapes.b8g", written(&escapes, &[]).unwrap());
    for command in
        [&["run", "escapes.b8g"][..], &["resume", "--copies=2", "escapes.b8g"], &["inspect", "escapes.b8g"]]
    {
        let ended = place.b8g(command);
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(said.contains("pwned") && !said.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{said:?}");
    }
    let many = |manifest: &mut Manifest| {
        manifest.wants = vec![Want { access: WantedAccess::Read, target: "a".into() }; 257];
    };
    assert!(written(&many, &[]).is_err());
}

#[test]
fn images_are_written_to_whatever_a_name_stands_for() {
    let place = Place::new().with("a.js", "export const main = () => console.log('ran')");
    let out = std::fs::File::create(place.join("out.b8g")).unwrap();
    let built = place.command(&["build", "-q", "-o", "/dev/stdout", "a.js"]).stdout(out).status().unwrap();
    assert!(built.success() && !std::fs::symlink_metadata("/dev/stdout").unwrap().is_file());
    place.b8g(&["run", "out.b8g"]).code(0).stdout("ran\n");
    std::os::unix::fs::symlink("out.b8g", place.join("link.b8g")).unwrap();
    place.b8g(&["sign", "--new-key=key.pem", "link.b8g"]).code(0);
    assert!(place.b8g(&["inspect", "out.b8g"]).code(0).stdout.contains("signed by"));
    place.b8g(&["sign", "--new-key=other.pem"]).code(0);
    std::fs::remove_file(place.join("other.pem")).unwrap();
    place.b8g(&["sign", "--new-key=other.pem"]).code(2).says("other.pem.pub");
    assert!(!place.join("other.pem").exists());
}

#[test]
fn builds_differ_in_their_hash_seeds_only() {
    let source = "export const names = new Map(); for (let i = 0; i < 100; i++) names.set(`${i}`, i);\n\
        export const main = () => console.log(names.get('41'))";
    let place = Place::new().with("a.js", source);
    let built = |flags: &[&str]| {
        place.b8g(&[&["build", "-q"], flags, &["a.js"]].concat()).code(0);
        place.b8g(&["run", "a.b8g"]).code(0).stdout("41\n");
        std::fs::read(place.join("a.b8g")).unwrap()
    };
    assert!(built(&["--seed=1"]) == built(&["--seed=1"]));
    assert!(built(&["--seed=1"]) != built(&["--seed=2"]));
    assert!(built(&[]) != built(&[]));
}

/// A snapshot that this machine's node makes is explained, taken apart, put together and run again.
#[test]
fn snapshots_of_node_are_taken_apart_and_put_together() {
    let place = Place::new().with(
        "s.js",
        "require('v8').startupSnapshot.setDeserializeMainFunction(() => console.log('from the snapshot'))",
    );
    let node = |arguments: &[&str]| {
        let output = std::process::Command::new("node").args(arguments).current_dir(place.path()).output();
        output.ok().filter(|output| output.status.success())
    };
    if node(&["--snapshot-blob", "a.blob", "--build-snapshot", "s.js"]).is_none() {
        println!("skipped: there is no node that builds snapshots");
        return;
    }
    let ended = place.b8g(&["inspect", "--json", "a.blob"]);
    ended.code(0);
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["kind"], "node-snapshot");
    assert_ne!(report["verdict"], "damaged");
    place.b8g(&["inspect", "--extract", "parts", "a.blob"]).code(0);
    place.b8g(&["inspect", "--extract", "parts", "a.blob"]).code(1).says("parts");
    place.b8g(&["image", "pack-v8", "parts", "-o", "b.blob"]).code(0).stdout("");
    let whole = std::fs::read(place.join("a.blob")).unwrap();
    assert!(whole == std::fs::read(place.join("b.blob")).unwrap());
    let ran = node(&["--snapshot-blob", "b.blob"]).unwrap();
    assert_eq!(ran.stdout, b"from the snapshot\n");
    let mut damaged = whole;
    // Within V8's part; what node puts behind it has no checksum.
    let number = |name: &str| report[name].as_u64().unwrap() as usize;
    damaged[number("offset") + number("length") / 2] ^= 1;
    std::fs::write(place.join("c.blob"), damaged).unwrap();
    let ended = place.b8g(&["inspect", "c.blob"]);
    ended.code(1);
    assert!(ended.stdout.contains("damaged"), "{ended:?}");
    let both = [std::fs::read(place.join("a.blob")).unwrap(), vec![7; 1000]].concat();
    let place = place.with("both", [vec![1; 3000], both].concat());
    place.b8g(&["inspect", "--scan", "both"]).code(0);
    place.b8g(&["inspect", "--scan", "s.js"]).code(1);
    place.b8g(&["inspect", "s.js"]).code(1).says("no image of b8g, V8 or node");
}
