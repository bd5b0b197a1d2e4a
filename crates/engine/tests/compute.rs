//! Cryptography and compression as programs use them, and as enemies do.

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use b8g::{Capture, Component, Config, Context, Engine, Grants, Language, Limits, Outcome, Reason, Stdout};

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(Config::new()).unwrap())
}

fn grants(output: &Capture) -> Grants {
    let grants = Grants::none().clocks().randomness().compute();
    grants.stdout(Stdout::Capture(output.clone())).stderr(Stdout::Capture(output.clone()))
}

fn program(source: &str) -> Component {
    Component::from_source(engine(), "test.mjs", Language::JavaScript, source, Path::new(".")).unwrap()
}

fn run(source: &str, limits: Limits) -> (Outcome, String) {
    let output = Capture::new();
    let outcome = Context::new(&program(source), &grants(&output), limits).unwrap().run();
    (outcome, String::from_utf8(output.take()).unwrap())
}

#[track_caller]
fn says(source: &str, wanted: &str) {
    let (outcome, said) = run(source, Limits::default());
    assert!(outcome.is_success(), "{outcome}\n{said}");
    assert_eq!(said, wanted);
}

/// What each script prints lies beside it: the output of Node.js 20.
#[test]
fn programs_get_what_node_gives_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/js/compute");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "js") {
            continue;
        }
        let (outcome, said) = run(&std::fs::read_to_string(&path).unwrap(), Limits::default());
        assert!(outcome.is_success(), "{}: {outcome}\n{said}", path.display());
        assert_eq!(said, std::fs::read_to_string(path.with_extension("out")).unwrap(), "{}", path.display());
        count += 1;
    }
    assert_eq!(count, 4);
}

#[test]
fn without_the_grant_there_is_none_of_it() {
    let output = Capture::new();
    let grants = Grants::none().clocks().randomness().stdout(Stdout::Capture(output.clone()));
    let source = "for (const run of [() => crypto.subtle.digest('SHA-1', new Uint8Array(1)),
        async () => { const w = new CompressionStream('gzip'); w.writable.getWriter().write(new Uint8Array(1)).catch(() => {}); return w.readable.getReader().read(); }])
        await run().then(() => console.log('it worked'), (error) => console.log(error.name));";
    let outcome = Context::new(&program(source), &grants, Limits::default()).unwrap().run();
    assert!(outcome.is_success(), "{outcome}");
    assert_eq!(output.take(), b"PermissionDenied\nPermissionDenied\n");
}

/// A program replaces whatever it can reach, and sees no byte of a key that it may not have.
#[test]
fn hidden_keys_stay_hidden() {
    says(
        r#"
        const { subtle } = crypto;
        const pair = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
        const secret = crypto.getRandomValues(new Uint8Array(32));
        const hidden = await subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
        const base = await subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
        const wrap = await subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, ["wrapKey", "unwrapKey"]);
        const given = await subtle.importKey("raw", secret, "AES-GCM", true, ["encrypt"]);
        const iv = new Uint8Array(12);
        const wrapped = await subtle.wrapKey("jwk", given, wrap, { name: "AES-GCM", iv });
        const plain = new Uint8Array([1, 2, 3]);
        const seen = [];
        const sees = (value) => {
          // No key has so few elements; a list of arguments may have.
          if (value === null || typeof value !== "object" || (Array.isArray(value) && value.length < 16)) return;
          const bytes = ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
          seen[seen.length] = bytes ? "bytes" : "object";
        };
        const spy = (object, key) => {
          const old = Object.getOwnPropertyDescriptor(object, key);
          if (!old?.configurable) return;
          const method = old.value ?? old.get;
          if (typeof method !== "function" || key === "constructor") return;
          const put = function (...args) { sees(this); for (let i = 0; i < args.length; i++) sees(args[i]); return Reflect.apply(method, this, args); };
          Object.defineProperty(object, key, old.get ? { ...old, get: put } : { ...old, value: put });
        };
        const typed = Object.getPrototypeOf(Uint8Array.prototype);
        for (const object of [Uint8Array.prototype, typed, ArrayBuffer.prototype, DataView.prototype, Array.prototype, String.prototype, Uint8Array, typed.constructor, WeakMap.prototype, Map.prototype])
          for (const key of Reflect.ownKeys(object)) spy(object, key);
        Object.defineProperty(Object.prototype, "then", { configurable: true, get() { sees(this); } });
        Object.defineProperty(Object.prototype, "toJSON", { configurable: true, get() { sees(this); } });
        for (const name of ["k", "d", "ext", "crv", "use", "alg", "x"]) Object.defineProperty(Object.prototype, name, { configurable: true, get() { seen[seen.length] = "asked for " + name; } });
        const RealArray = Uint8Array;
        globalThis.Uint8Array = class extends RealArray { constructor(...args) { super(...args); let same = this[31] !== undefined; for (let i = 0; i < 32; i++) same &&= this[i] === secret[i]; if (same) seen[seen.length] = "made"; } };
        const key = await subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt: plain, info: plain }, base, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
        seen.length = 0;
        await subtle.sign("HMAC", hidden, plain);
        await subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, plain);
        await subtle.encrypt({ name: "AES-GCM", iv }, key, plain);
        await subtle.unwrapKey("jwk", wrapped, wrap, { name: "AES-GCM", iv }, "AES-GCM", false, ["encrypt"]);
        const names = [];
        for (let i = 0; i < seen.length; i++) names[i] = seen[i];
        for (const name of ["then", "toJSON", "k", "d", "ext", "crv", "use", "alg", "x"]) delete Object.prototype[name];
        // The answers themselves are looked at as promises resolve; nothing else is.
        const count = {};
        for (const name of names) count[name] = (count[name] ?? 0) + 1;
        console.log(JSON.stringify(count));
        const clone = structuredClone(hidden);
        clone.algorithm.name = "AES-GCM";
        clone.usages.push("verify");
        console.log(await subtle.verify("HMAC", clone, plain, plain).catch((error) => error.name));
        console.log(await subtle.exportKey("raw", clone).catch((error) => error.name), JSON.stringify(clone), Reflect.ownKeys(clone).length);
        "#,
        "{\"bytes\":3,\"object\":1}\nInvalidAccessError\nInvalidAccessError {} 0\n",
    );
}

/// Gigabytes that a few hundred KiB stand for: whoever keeps them hits the bound of its memory, whoever reads on does not.
#[test]
fn a_bomb_fills_nothing_but_the_memory_of_who_keeps_it() {
    let bomb = "async function* bomb(size) {
            const zeros = new Uint8Array(1 << 20);
            const stream = new CompressionStream('gzip');
            (async () => { const w = stream.writable.getWriter(); for (let i = 0; i < size; i++) await w.write(zeros); await w.close(); })();
            yield* stream.readable;
        }
        const packed = []; for await (const part of bomb(300)) packed.push(part);
        const stream = new DecompressionStream('gzip');
        const writer = stream.writable.getWriter();
        (async () => { for (const part of packed) await writer.write(part); await writer.close(); })().catch(() => {});";
    let limits = Limits { timeout: Some(Duration::from_secs(60)), ..Limits::default() };
    let read_on = format!(
        "{bomb} let n = 0; for await (const part of stream.readable) n += part.length; console.log(n);"
    );
    let (outcome, said) = run(&read_on, limits.clone());
    assert!(outcome.is_success(), "{outcome}\n{said}");
    assert_eq!(said, format!("{}\n", 300 << 20));
    assert!(outcome.usage.memory_peak_bytes < 32 << 20, "{}", outcome.usage.memory_peak_bytes);
    let kept = format!(
        "{bomb} const all = []; for await (const part of stream.readable) all.push(part); console.log(all.length);"
    );
    let (outcome, said) = run(&kept, limits.clone());
    assert_eq!(outcome.reason, Reason::Memory, "{outcome}\n{said}");
    let whole = format!("import zlib from 'node:zlib'; {bomb}
        const all = new Uint8Array(packed.reduce((n, part) => n + part.length, 0)); let at = 0;
        for (const part of packed) {{ all.set(part, at); at += part.length; }}
        try {{ zlib.gunzipSync(all, {{ maxOutputLength: 1 << 20 }}) }} catch (error) {{ console.log(error.code) }}
        zlib.gunzipSync(all);");
    let (outcome, said) = run(&whole, limits);
    assert_eq!(outcome.reason, Reason::Memory, "{outcome}\n{said}");
    assert_eq!(said.lines().next(), Some("ERR_BUFFER_TOO_LARGE"));
}

#[test]
fn what_takes_long_ends_at_the_deadline() {
    for source in [
        "import { pbkdf2Sync } from 'node:crypto'; pbkdf2Sync('p', 's', 2 ** 31 - 1, 64, 'sha512')",
        "import { scryptSync } from 'node:crypto'; scryptSync('p', 's', 64, { N: 2 ** 15, r: 8, p: 2 ** 12, maxmem: 2 ** 40 })",
        "const key = await crypto.subtle.importKey('raw', new Uint8Array(9), 'PBKDF2', false, ['deriveBits']);
         await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(9), iterations: 2 ** 32 - 1 }, key, 256)",
    ] {
        let limits = Limits { timeout: Some(Duration::from_millis(300)), ..Limits::default() };
        let begun = Instant::now();
        let (outcome, said) = run(source, limits);
        let elapsed = begun.elapsed();
        assert_eq!(outcome.reason, Reason::Timeout, "{outcome}\n{said}");
        // A machine that does other things too may be late; the work itself asks every millisecond.
        assert!(elapsed < Duration::from_millis(600), "{elapsed:?}");
        assert!(outcome.usage.cpu >= Duration::from_millis(50), "{:?} counted", outcome.usage.cpu);
    }
}

#[test]
fn codecs_are_bounded_and_given_back() {
    says(
        "const open = () => { const s = new DecompressionStream('gzip'); s.writable.getWriter().write(new Uint8Array([31])).catch(() => {}); return s.readable.getReader(); };
         const first = []; let failed;
         for (let i = 0; i < 2000 && !failed; i++) { const r = open(); first.push(r); const read = r.read(); read.catch((error) => { failed ??= error.name; }); await new Promise((done) => setTimeout(done)); }
         console.log(failed, first.length > 100 && first.length < 1000);
         for (const r of first) await r.cancel().catch(() => {});
         const again = open(); let state = 'open'; again.read().catch((error) => { state = error.name; });
         await new Promise((done) => setTimeout(done, 10)); console.log(state);
         again.cancel();",
        "LimitReached true\nopen\n",
    );
}

#[test]
fn a_context_is_frozen_at_any_time_and_codecs_stay_behind() {
    let output = Capture::new();
    let grants = grants(&output);
    let component = Component::javascript(engine()).unwrap();
    let mut context = Context::new(&component, &grants, Limits::default()).unwrap();
    context.eval("let n, hash, key, s, w, r").unwrap();
    context.eval("n = await import('node:crypto').catch(() => undefined); 1").ok();
    context
        .eval(
            "key = await crypto.subtle.importKey('raw', new Uint8Array(16), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
             s = new CompressionStream('gzip'); w = s.writable.getWriter(); r = s.readable.getReader();
             globalThis.first = r.read(); await w.write(new Uint8Array(10)); 1",
        )
        .unwrap();
    let before = context
        .eval("new Uint8Array(await crypto.subtle.sign('HMAC', key, new Uint8Array(3))).join()")
        .unwrap();
    let image = context.snapshot().unwrap();
    let mut restored = Context::restore(&image, &grants, Limits::default()).unwrap();
    let after = restored
        .eval("new Uint8Array(await crypto.subtle.sign('HMAC', key, new Uint8Array(3))).join()")
        .unwrap();
    assert_eq!(before, after);
    let closed = restored.eval("globalThis.second = r.read().catch(() => {}); await w.write(new Uint8Array(10)).then(() => 'went on', (error) => error.name)").unwrap();
    assert_eq!(closed, "BadResource");
}
