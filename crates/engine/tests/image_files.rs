//! Images as files: written, read, built upon, trusted, kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use b8g::{
    Component, ComponentOptions, Config, Context, Engine, Grants, Image, ImageError, Limits, ReadOptions,
    Reason, Value, WriteOptions,
};
use b8g_image::signature::{PublicKey, Scheme, SecretKey};
use b8g_image::{File, Manifest, Parts, SectionKind};

fn engine() -> Engine {
    Engine::new(Config::new()).unwrap()
}

fn wasm_on(engine: &Engine, text: &str) -> Context {
    let component = Component::from_wasm(engine, text.as_bytes()).unwrap();
    Context::new(&component, &Grants::none(), Limits::default()).unwrap()
}

fn restored(image: &Image) -> Context {
    Context::restore(image, &Grants::none(), Limits::default()).unwrap()
}

fn call(context: &mut Context, name: &str, arguments: &[i32]) -> i64 {
    let arguments: Vec<Value> = arguments.iter().map(|n| Value::I32(*n)).collect();
    match context.call(name, &arguments).unwrap()[..] {
        [Value::I32(n)] => n.into(),
        [Value::I64(n)] => n,
        _ => 0,
    }
}

const COUNTER: &str = r#"(module (memory 2) (data (i32.const 70000) "data")
    (global $g (mut i64) (i64.const 5)) (global (mut v128) (v128.const i64x2 1 2)) (global $f (mut f64) (f64.const 0.5))
    (func (export "add") (param i32) (result i64)
      (global.set $g (i64.add (global.get $g) (i64.extend_i32_s (local.get 0)))) (global.get $g))
    (func (export "write") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "read") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "size") (result i32) (memory.size)))"#;

/// Image files hold what images hold, whether their pages are few or many, and images of images.
#[test]
fn files_hold_what_images_hold() {
    let engine = engine();
    let component = Component::from_wasm(&engine, COUNTER.as_bytes()).unwrap();
    let mut context = Context::new(&component, &Grants::none(), Limits::default()).unwrap();
    for pages in [0, 3, 100, 5] {
        call(&mut context, "grow", &[1]);
        let size = call(&mut context, "size", &[]) as i32;
        (0..pages).for_each(|page| {
            call(&mut context, "write", &[page % (size * 16) * 4096 + 16, page + pages]);
        });
        call(&mut context, "add", &[pages]);
        let image = context.snapshot().unwrap();
        let bytes = image.to_bytes("counter.wat").unwrap();
        assert!(Image::is_image(&bytes));
        let read = Image::from_bytes(&engine, &bytes).unwrap();
        assert_eq!(read.to_bytes("counter.wat").unwrap(), bytes, "{pages} pages");
        let mut again = Context::restore(&read, &Grants::none(), Limits::default()).unwrap();
        assert_eq!(call(&mut again, "size", &[]) as i32, size);
        assert_eq!(call(&mut again, "add", &[0]), call(&mut context, "add", &[0]));
        for at in (0..size * 65536).step_by(4096) {
            assert_eq!(call(&mut again, "read", &[at + 16]), call(&mut context, "read", &[at + 16]));
        }
        context = again;
    }
}

fn parts<'p>(manifest: &'p Manifest, wasm: &'p [u8], pages: &'p [u8]) -> Parts<'p> {
    Parts { manifest, wasm: Some(wasm), program: None, shared: &[], pages: vec![pages], native: None }
}

#[test]
fn a_file_that_does_not_fit_its_module_is_refused() {
    let mut context = wasm_on(&engine(), COUNTER);
    let bytes = context.snapshot().unwrap().to_bytes("counter.wat").unwrap();
    let file = File::read(&bytes).unwrap();
    let wasm_of = file.section(SectionKind::Wasm, 0).unwrap();
    let pages = file.section(SectionKind::Pages, 0).unwrap();
    let refused = |change: &dyn Fn(&mut Manifest), wasm: Option<&[u8]>| {
        let mut manifest = file.manifest().clone();
        change(&mut manifest);
        let parts = Parts { wasm, ..parts(&manifest, wasm_of, pages) };
        Image::from_bytes(&engine(), &b8g_image::write(&parts).unwrap()).unwrap_err().to_string()
    };
    assert!(refused(&|m| m.contexts[0].globals.truncate(1), Some(wasm_of)).contains("other globals"));
    assert!(refused(&|_| {}, Some(b"\0asm\x01\0\0\0")).contains("another module"));
    assert!(refused(&|_| {}, None).contains("another module"));
    assert!(refused(&|m| m.contexts[0].generations = vec![0; 70_000], Some(wasm_of)).contains("handles"));
    assert!(refused(&|m| m.kind = b8g_image::Kind::JavaScript, None).contains("another build"));
    // Another type than the global has, and a memory smaller than the module wants, are found when a context starts.
    let mut manifest = file.manifest().clone();
    manifest.contexts[0].globals.swap(0, 1);
    let written = b8g_image::write(&parts(&manifest, wasm_of, pages)).unwrap();
    let image = Image::from_bytes(&engine(), &written).unwrap();
    let outcome = Context::restore(&image, &Grants::none(), Limits::default()).unwrap().run();
    assert_eq!(outcome.reason, Reason::Trap, "{outcome}");
    assert!(outcome.message.contains("does not fit"), "{outcome}");
    let mut manifest = file.manifest().clone();
    manifest.contexts[0].memory_bytes = 1 << 32;
    manifest.contexts[0].generations = vec![u32::MAX; 1000];
    let written = b8g_image::write(&parts(&manifest, wasm_of, pages)).unwrap();
    let image = Image::from_bytes(&engine(), &written).unwrap();
    let outcome = Context::restore(&image, &Grants::none(), Limits::default()).unwrap().run();
    assert_ne!(outcome.reason, Reason::Exit, "{outcome}");
}

/// An engine whose cache lies there, and how often it compiled.
fn counting(cache: Option<&Path>) -> (Engine, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let config = Config::new().on_compile(move |_| {
        counted.fetch_add(1, SeqCst);
    });
    let config = match cache {
        Some(cache) => config.code_cache(Some(cache.to_owned())),
        None => config.code_cache(None),
    };
    (Engine::new(config).unwrap(), count)
}

fn signed(bytes: &[u8], key: &SecretKey) -> Vec<u8> {
    let file = File::read(bytes).unwrap();
    file.with_signatures(&[key.sign(&file.id())]).unwrap()
}

fn trusting(key: &PublicKey) -> ReadOptions {
    ReadOptions { trust: vec![*key], ..ReadOptions::default() }
}

/// How often an engine without a cache compiles to read an image, whose context must work.
fn compiled_for(bytes: &[u8], options: &ReadOptions) -> usize {
    let (engine, count) = counting(None);
    let image = Image::from_bytes_with(&engine, bytes, options).unwrap();
    assert_eq!(call(&mut restored(&image), "add", &[1]), 6);
    count.load(SeqCst)
}

#[test]
fn machine_code_counts_on_a_trusted_word_only() {
    let (engine, _) = counting(None);
    let native = WriteOptions { name: "a".into(), native: true, ..WriteOptions::default() };
    let bytes = wasm_on(&engine, COUNTER).snapshot().unwrap().to_bytes_with(&native).unwrap();
    let (mine, other) = (SecretKey::from_random(&[1; 32]), SecretKey::from_random(&[2; 32]));
    let (trust, none) = (trusting(&mine.public()), ReadOptions::default());
    assert_eq!(compiled_for(&bytes, &trust), 1, "nobody signed it");
    assert_eq!(compiled_for(&signed(&bytes, &mine), &none), 1, "nobody is trusted");
    assert_eq!(compiled_for(&signed(&bytes, &other), &trust), 1, "another is trusted");
    assert_eq!(compiled_for(&signed(&bytes, &mine), &trust), 0);

    // Somebody puts other code under a head that fits.
    let file = File::read(&bytes).unwrap();
    let evil = "(module (func (export \"add\") (param i32) (result i64) (i64.const 666)))";
    let evil = wasm_on(&engine, evil).snapshot().unwrap().to_bytes_with(&native).unwrap();
    let evil = File::read(&evil).unwrap().section(SectionKind::Native, 0).unwrap().to_vec();
    let wasm = file.section(SectionKind::Wasm, 0).unwrap();
    let with = |manifest: &Manifest, native: &[u8]| {
        b8g_image::write(&Parts { native: Some(native), ..parts(manifest, wasm, &[]) }).unwrap()
    };
    let swapped = with(file.manifest(), &evil);
    assert_eq!(compiled_for(&swapped, &trust), 1);
    assert_eq!(compiled_for(&signed(&swapped, &other), &trust), 1);
    let borrowed = File::read(&swapped).unwrap().with_signatures(&[mine.sign(&file.id())]).unwrap();
    let refused = Image::from_bytes_with(&engine, &borrowed, &trust).unwrap_err();
    assert!(matches!(refused, ImageError::Forged(_)), "{refused}");
    assert_eq!(compiled_for(&borrowed, &none), 1, "who trusts nobody is told nothing");

    // Signed, but for another engine, or no code at all.
    let mut manifest = file.manifest().clone();
    manifest.native = Some("00".repeat(32));
    let foreign = with(&manifest, file.section(SectionKind::Native, 0).unwrap());
    assert_eq!(compiled_for(&signed(&foreign, &mine), &trust), 1);
    assert_eq!(compiled_for(&signed(&with(file.manifest(), b"no code"), &mine), &trust), 1);
}

#[test]
fn a_machine_takes_its_own_word() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (engine, _) = counting(Some(ours.path()));
    let native = WriteOptions { name: "a".into(), native: true, ..WriteOptions::default() };
    let bytes = wasm_on(&engine, COUNTER).snapshot().unwrap().to_bytes_with(&native).unwrap();
    assert_eq!(File::read(&bytes).unwrap().signatures()[0].scheme, Scheme::Machine);
    for entry in std::fs::read_dir(ours.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.extension().is_some_and(|extension| extension == "b8gc") {
            std::fs::remove_file(entry).unwrap();
        }
    }
    for (cache, compiled) in [(ours.path(), 0), (theirs.path(), 1)] {
        let (engine, count) = counting(Some(cache));
        let image = Image::from_bytes(&engine, &bytes).unwrap();
        assert_eq!(call(&mut restored(&image), "add", &[1]), 6);
        assert_eq!(count.load(SeqCst), compiled);
    }
}

/// Writes an image of `pages` pages that hold their number and `value`.
fn write_pages(engine: &Engine, path: &Path, pages: i32, value: i32) {
    let mut context = wasm_on(engine, COUNTER);
    call(&mut context, "grow", &[30]);
    (0..pages).for_each(|page| {
        call(&mut context, "write", &[page * 4096, page + value]);
    });
    std::fs::write(path, context.snapshot().unwrap().to_bytes("a").unwrap()).unwrap();
}

fn entries(cache: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "b8gi")).collect()
}

#[test]
fn what_was_read_is_kept_until_its_file_changes() {
    let (cache, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let engine = Engine::new(Config::new().code_cache(Some(cache.path().to_owned()))).unwrap();
    let path = place.path().join("a.b8g");
    let value = |page: i32| {
        let image = Image::open(&engine, &path, &ReadOptions::default()).unwrap();
        call(&mut restored(&image), "read", &[page * 4096])
    };
    write_pages(&engine, &path, 10, 1000);
    assert_eq!((value(9), entries(cache.path()).len()), (1009, 0), "small images are not worth it");
    write_pages(&engine, &path, 200, 2000);
    assert_eq!((value(150), entries(cache.path()).len()), (2150, 1));
    // That the entry is used shows when it is changed, which only this user can.
    let entry = entries(cache.path()).remove(0);
    let good = std::fs::read(&entry).unwrap();
    let mut changed = good.clone();
    let at = good.windows(4).rposition(|bytes| bytes == 2150i32.to_le_bytes()).unwrap();
    changed[at] ^= 1;
    std::fs::write(&entry, &changed).unwrap();
    assert_eq!(value(150), 2151);
    // A head that is not this machine's counts for nothing, and neither does a cut entry.
    for bytes in
        [[&good[..30], &[good[30] ^ 1], &good[31..]].concat(), good[..good.len() - 4096].to_vec(), Vec::new()]
    {
        std::fs::write(&entry, &bytes).unwrap();
        assert_eq!(value(150), 2150);
    }
    // An entry does not count under another name, whoever put it there.
    std::fs::write(&entry, &good).unwrap();
    let other = place.path().join("b.b8g");
    write_pages(&engine, &other, 200, 9000);
    Image::open(&engine, &other, &ReadOptions::default()).unwrap();
    let both = entries(cache.path());
    let others = both.iter().find(|path| **path != entry).unwrap();
    std::fs::copy(others, &entry).unwrap();
    assert_eq!(value(150), 2150);
    // Somebody who has mapped the file changes it, and it looks as it did before.
    let (old, times) = (std::fs::read(&path).unwrap(), std::fs::metadata(&path).unwrap().modified().unwrap());
    let mut fresh = old.clone();
    let at = fresh.windows(4).rposition(|bytes| bytes == 2150i32.to_le_bytes()).unwrap();
    fresh[at] ^= 1;
    std::fs::write(&path, &fresh).unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(times).unwrap();
    assert!(Image::open(&engine, &path, &ReadOptions::default()).is_err(), "its digest does not match");
    write_pages(&engine, &path, 200, 3000);
    assert_eq!(value(150), 3150, "another file");
    assert_eq!(value(150), 3150);
    let image = Image::open(&engine, &path, &ReadOptions::default()).unwrap();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let refused = Image::open(&engine, &path, &ReadOptions::default()).unwrap_err();
    assert!(matches!(refused, ImageError::File(_)), "{refused}");
    assert_eq!(call(&mut restored(&image), "read", &[150 * 4096]), 3150, "what was read stays what it was");
    assert_eq!(image.to_bytes("a").unwrap(), whole);
}

/// Of what was kept the module is not read, be the image whole or not. That its data is not known then, no image of it forgets.
#[test]
fn a_module_that_was_kept_is_not_read() {
    let (cache, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let engine = Engine::new(Config::new().code_cache(Some(cache.path().to_owned()))).unwrap();
    for whole in [false, true] {
        let options = ComponentOptions { whole, ..ComponentOptions::default() };
        let component = Component::from_wasm_with(&engine, COUNTER.as_bytes(), options).unwrap();
        let mut context = Context::new(&component, &Grants::none(), Limits::default()).unwrap();
        call(&mut context, "grow", &[30]);
        (0..200).for_each(|page| {
            call(&mut context, "write", &[page * 4096, page]);
        });
        call(&mut context, "add", &[37]);
        let image = context.snapshot().unwrap();
        // What was not compiled for it stays as it is.
        let image = image.whole().unwrap();
        let path = place.path().join(format!("{whole}.b8g"));
        let bytes = image.to_bytes("a").unwrap();
        let has_data = bytes.windows(9).any(|window| window == b"\xf0\xa2\x04\x0b\x04data");
        assert_eq!(has_data, !whole, "the data of the module");
        std::fs::write(&path, &bytes).unwrap();
        let open = || Image::open(&engine, &path, &ReadOptions::default()).unwrap();
        open();
        // That the module is not read any more shows when it is no module.
        let kept = entries(cache.path())
            .into_iter()
            .max_by_key(|path| path.metadata().unwrap().modified().unwrap())
            .unwrap();
        let mut entry = std::fs::read(&kept).unwrap();
        let at = entry.windows(8).position(|bytes| bytes == b"\0asm\x01\0\0\0").unwrap();
        entry[at] = b'?';
        std::fs::write(&kept, &entry).unwrap();
        let mut context = restored(&open());
        assert_eq!(call(&mut context, "read", &[70000]), i64::from(u32::from_le_bytes(*b"data")));
        assert_eq!((call(&mut context, "read", &[150 * 4096]), call(&mut context, "add", &[0])), (150, 42));
        entry[at] = 0;
        std::fs::write(&kept, &entry).unwrap();
        // The page with the data, all of it zeroes now.
        let mut context = restored(&open());
        let page = 70000 / 4096 * 4096;
        (0..1024).for_each(|word| {
            call(&mut context, "write", &[page + word * 4, 0]);
        });
        let alone = context.snapshot().unwrap().to_bytes("b").unwrap();
        let read = Image::from_bytes(&engine, &alone).unwrap();
        assert_eq!(call(&mut restored(&read), "read", &[70000]), 0);
    }
}

#[test]
fn a_child_holds_what_differs_and_finds_the_rest() {
    let (cache, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let engine = Engine::new(Config::new().code_cache(Some(cache.path().to_owned()))).unwrap();
    let at = |name: &str| place.path().join(name);
    write_pages(&engine, &at("0.b8g"), 200, 1000);
    for (number, page) in [(1, 3), (2, 3), (3, 199)] {
        let parent = format!("{}.b8g", number - 1);
        let image = Image::open(&engine, at(&parent), &ReadOptions::default()).unwrap();
        let mut context = restored(&image);
        call(&mut context, "write", &[page * 4096, number]);
        call(&mut context, "write", &[0, 0]);
        call(&mut context, "add", &[1]);
        // By way of a fork: what it goes on from has no file of its own.
        let mut fork = context.fork(1).unwrap().remove(0);
        let image = fork.snapshot().unwrap();
        assert!(image.has_parent());
        let child = WriteOptions { name: "a".into(), parent: Some(parent), ..WriteOptions::default() };
        let bytes = image.to_bytes_with(&child).unwrap();
        assert!(bytes.len() <= 5 * 4096, "{}", bytes.len());
        std::fs::write(at(&format!("{number}.b8g")), bytes).unwrap();
    }
    let open = |path: &Path, options: &ReadOptions| Image::open(&engine, path, options);
    let values = |image: &Image| {
        let mut context = restored(image);
        let pages = [0, 3, 4, 199].map(|page| call(&mut context, "read", &[page * 4096]));
        (pages, call(&mut context, "add", &[0]), call(&mut context, "size", &[]))
    };
    let whole = ([0, 2, 1004, 3], 8, 32);
    for _ in 0..2 {
        assert_eq!(values(&open(&at("3.b8g"), &ReadOptions::default()).unwrap()), whole);
    }
    let squashed = Image::squash(at("3.b8g"), &ReadOptions::default()).unwrap();
    std::fs::write(at("whole.b8g"), &squashed).unwrap();
    assert_eq!(values(&open(&at("whole.b8g"), &ReadOptions::default()).unwrap()), whole);
    assert!(
        wasm_on(&engine, COUNTER)
            .snapshot()
            .unwrap()
            .to_bytes_with(&WriteOptions { parent: Some("0.b8g".into()), ..WriteOptions::default() })
            .is_err()
    );

    // Where the parents do not lie beside it they are named, in any order.
    let elsewhere = tempfile::tempdir().unwrap();
    let alone = elsewhere.path().join("3.b8g");
    std::fs::copy(at("3.b8g"), &alone).unwrap();
    let missing = open(&alone, &ReadOptions::default()).unwrap_err();
    assert!(matches!(&missing, ImageError::NoParent { file, .. } if file == "2.b8g"), "{missing}");
    let parents = vec![at("0.b8g"), at("2.b8g"), at("1.b8g")];
    let named = ReadOptions { parents, ..ReadOptions::default() };
    assert_eq!(values(&open(&alone, &named).unwrap()), whole);
    assert_eq!(
        Image::from_bytes_with(&engine, &std::fs::read(&alone).unwrap(), &named)
            .map(|image| values(&image))
            .unwrap(),
        whole
    );
    // Another image of that name, a directory, a damaged one, itself: each is told. What was kept does not hide it.
    let (good, other) = (std::fs::read(at("1.b8g")).unwrap(), std::fs::read(at("0.b8g")).unwrap());
    std::fs::write(at("1.b8g"), &other).unwrap();
    let refused = open(&at("3.b8g"), &ReadOptions::default()).unwrap_err();
    assert!(matches!(&refused, ImageError::OtherParent { path, .. } if path.ends_with("1.b8g")), "{refused}");
    std::fs::write(at("1.b8g"), &good[..good.len() - 1]).unwrap();
    let refused = open(&at("3.b8g"), &ReadOptions::default()).unwrap_err();
    assert!(matches!(&refused, ImageError::ParentFile { .. }), "{refused}");
    std::fs::copy(at("2.b8g"), at("1.b8g")).unwrap();
    assert!(
        matches!(open(&at("2.b8g"), &ReadOptions::default()), Err(ImageError::OtherParent { .. })),
        "a cycle"
    );
    std::fs::remove_file(at("1.b8g")).unwrap();
    std::fs::create_dir(at("1.b8g")).unwrap();
    assert!(matches!(open(&at("3.b8g"), &ReadOptions::default()), Err(ImageError::NoParent { .. })));
}

#[test]
fn a_parent_is_looked_for_beside_its_child_only() {
    let place = tempfile::tempdir().unwrap();
    let engine = engine();
    write_pages(&engine, &place.path().join("0.b8g"), 3, 1000);
    std::fs::create_dir(place.path().join("below")).unwrap();
    let image = Image::open(&engine, place.path().join("0.b8g"), &ReadOptions::default()).unwrap();
    let image = restored(&image).snapshot().unwrap();
    for name in ["../0.b8g", "/etc/passwd", "..", "", ".", "a\0b", "below/../../0.b8g"] {
        let child = WriteOptions { parent: Some(name.into()), ..WriteOptions::default() };
        let path = place.path().join("below/child.b8g");
        std::fs::write(&path, image.to_bytes_with(&child).unwrap()).unwrap();
        let refused = Image::open(&engine, &path, &ReadOptions::default()).unwrap_err();
        assert!(matches!(refused, ImageError::NoParent { .. }), "{name}: {refused}");
    }
}

#[test]
fn each_context_of_a_file_can_go_on() {
    let engine = engine();
    let mut context = wasm_on(&engine, COUNTER);
    let mut files = Vec::new();
    for n in 0..3 {
        (0..100).for_each(|page| {
            call(&mut context, "write", &[page % 31 * 4096, 9]);
        });
        call(&mut context, "write", &[n * 4096, n]);
        call(&mut context, "add", &[1]);
        files.push(context.snapshot().unwrap().to_bytes("a").unwrap());
    }
    let files: Vec<File<'_>> = files.iter().map(|bytes| File::read(bytes).unwrap()).collect();
    let joined = b8g_image::chain::join(&files).unwrap();
    for n in 0..3 {
        let options = ReadOptions { context: n as u32, ..ReadOptions::default() };
        let image = Image::from_bytes_with(&engine, &joined, &options).unwrap();
        let mut context = restored(&image);
        assert_eq!(call(&mut context, "add", &[0]), i64::from(6 + n));
        let pages: Vec<i64> = (0..31).map(|page| call(&mut context, "read", &[page * 4096])).collect();
        let expected: Vec<i64> = (0..31).map(|page| if page == n { n.into() } else { 9 }).collect();
        assert_eq!(pages, expected);
    }
    let none = ReadOptions { context: 3, ..ReadOptions::default() };
    assert!(matches!(
        Image::from_bytes_with(&engine, &joined, &none),
        Err(ImageError::NoContext { number: 3, contexts: 3 })
    ));
}

#[test]
fn a_cache_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let (cache, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::set_permissions(cache.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let path = place.path().join("a.b8g");
    let (engine, count) = counting(Some(cache.path()));
    write_pages(&engine, &path, 200, 1000);
    Image::open(&engine, &path, &ReadOptions::default()).unwrap();
    assert_eq!(count.load(SeqCst), 2, "compiled each time");
    assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 0);
    // A key that is no key: something else was given its name.
    std::fs::set_permissions(cache.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    std::fs::write(cache.path().join("machine.key"), [7; 33]).unwrap();
    std::fs::set_permissions(cache.path().join("machine.key"), std::fs::Permissions::from_mode(0o600))
        .unwrap();
    let (engine, _) = counting(Some(cache.path()));
    Image::open(&engine, &path, &ReadOptions::default()).unwrap();
    assert_eq!(std::fs::metadata(cache.path().join("machine.key")).unwrap().len(), 32, "it was made anew");
}

#[test]
fn images_that_build_upon_too_many_are_not_written() {
    let place = tempfile::tempdir().unwrap();
    let engine = engine();
    let at = |number: usize| place.path().join(format!("{number}.b8g"));
    write_pages(&engine, &at(0), 3, 1000);
    for number in 1..=16 {
        let image = Image::open(&engine, at(number - 1), &ReadOptions::default()).unwrap();
        let parent = Some(format!("{}.b8g", number - 1));
        let written = restored(&image)
            .snapshot()
            .unwrap()
            .to_bytes_with(&WriteOptions { parent, ..WriteOptions::default() });
        match number {
            16 => assert!(written.unwrap_err().to_string().contains("squash it first")),
            _ => std::fs::write(at(number), written.unwrap()).unwrap(),
        }
    }
}
