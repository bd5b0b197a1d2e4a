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
    assert_eq!((valid["verdict"].as_str(), valid["main"].as_bool()), (Some("valid"), Some(true)));
    assert_eq!(valid["sections"][0]["offset"], 4096);
    let text = place.b8g(&["inspect", "app.b8g"]).stdout;
    assert!(text.contains("goes on with main") && text.contains("manifest 0"), "{text}");
    let mut flipped = whole.clone();
    let middle = flipped.len() - 5000;
    flipped[middle] ^= 4;
    std::fs::write(place.join("bad.b8g"), &flipped).unwrap();
    let ended = place.b8g(&["inspect", "--json", "bad.b8g"]);
    ended.code(1);
    assert_eq!(report(&ended)["verdict"], "damaged");
    place.b8g(&["run", "bad.b8g"]).code(1).says("damaged at byte ").says("section pages");
    std::fs::write(place.join("cut.b8g"), &whole[..whole.len() - 1]).unwrap();
    place.b8g(&["run", "cut.b8g"]).code(1).says("damaged at byte ");
    place.b8g(&["inspect", "none.b8g"]).code(2);
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
    place.b8g(&["inspect", "s.js"]).code(1).says("no image of b8g, V8 or node");
}
