//! What must hold of any bytes that are read as an image.
//!
//! Start at [`check`]. Invariant: what is asserted is what docs/formats/image.md and the crate's documentation promise,
//! worked out a second time from the manifest and not by the code under test.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use b8g_image::chain::{join, squash};
use b8g_image::explain::{Report, Verdict};
use b8g_image::signature::SecretKey;
use b8g_image::{
    CONTEXTS_MAX, File, FileError, FrozenContext, Kind, MEMORY_PAGES, Manifest, PAGE_BYTES, Parent, Parts,
    SectionKind, Stage, write,
};

use super::{assert_plain, repair};

/// What a context's memory holds, by the numbers of pages.
type Pages<'f> = BTreeMap<u64, &'f [u8]>;

/// An image that inputs may build upon, or be joined with.
static PARENT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let context = FrozenContext {
        stage: Stage::Started,
        memory_bytes: 65536,
        pages: vec![(0, 1), (3, 2)],
        globals: Vec::new(),
        generations: Vec::new(),
        heap: None,
        memories: Vec::new(),
        clock_ns: 0,
        resources: Vec::new(),
    };
    let manifest = Manifest {
        program: None,
        language: None,
        kind: Kind::Wasm,
        name: "parent.wasm".into(),
        b8g: "0.1.0".into(),
        component: "00".repeat(32),
        main: None,
        wants: Vec::new(),
        imports: Vec::new(),
        parent: None,
        native: None,
        shared: Vec::new(),
        contexts: vec![context],
    };
    let pages = [[1; PAGE_BYTES], [2; PAGE_BYTES], [3; PAGE_BYTES]].concat();
    let wasm = Some(&b"\0asm\x01\0\0\0"[..]);
    let parts =
        Parts { manifest: &manifest, wasm, program: None, shared: &[], pages: vec![&pages], native: None };
    write(&parts).unwrap_or_default()
});

/// The identity of the image that inputs may build upon, in hexadecimal digits.
pub(super) fn parent_id() -> String {
    let parent = File::read(&PARENT).expect("the parent is an image");
    blake3::Hash::from_bytes(parent.id()).to_hex().to_string()
}

/// Does with an input all that can be done with an image file.
///
/// # Panics
/// If something does not hold that should.
pub fn check(input: &[u8]) {
    let bytes = repair::image(input);
    let report = Report::of(&bytes);
    assert_plain(&report.to_string());
    serde_json::to_string(&report).expect("a report can be written as JSON");
    match File::read(&bytes) {
        Ok(file) => accepted(&bytes, &file, &report),
        Err(error) => {
            assert_eq!(report.verdict, Verdict::Damaged);
            assert!(report.contents.is_none(), "nothing of a damaged image is believed");
            if let FileError::Damaged { offset, .. } = error {
                assert!(offset <= bytes.len() as u64, "{error}, and it has {} bytes", bytes.len());
            }
        }
    }
}

fn accepted(bytes: &[u8], file: &File<'_>, report: &Report) {
    let forged = |reason: &str| reason.contains("did not sign this image");
    assert!(report.problem.as_ref().is_none_or(|problem| forged(&problem.reason)), "{report:?}");
    let contexts: Vec<Pages<'_>> = (0..count(file)).map(|context| pages_of(file, context)).collect();
    resigned(bytes, file);
    rewritten(bytes, file);
    squashed(file, &contexts);
    built_upon(file, &contexts);
    joined(file, &contexts);
}

fn count(file: &File<'_>) -> u32 {
    file.manifest().contexts.len() as u32
}

fn read(bytes: &[u8]) -> File<'_> {
    File::read(bytes).expect("what was written is read")
}

/// The pages of a context by the manifest, after its runs were checked and compared with what the reader gives.
fn pages_of<'f>(file: &'f File<'_>, context: u32) -> Pages<'f> {
    let manifest = file.manifest();
    let frozen = &manifest.contexts[context as usize];
    let sections =
        [(SectionKind::ReadOnly, 0, &manifest.shared), (SectionKind::Pages, context, &frozen.pages)];
    let (mut found, mut given) = (Pages::new(), file.pages(context));
    for (kind, index, runs) in sections {
        let mut bytes = file.section(kind, index).unwrap_or_default();
        let mut end = 0;
        for (first, count) in runs {
            assert!(*count > 0 && u64::from(*first) >= end, "runs of pages ascend");
            end = u64::from(*first) + u64::from(*count);
            let memory =
                frozen.memories().nth((*first / MEMORY_PAGES) as usize).expect("there is such a memory");
            let within = u64::from(*first % MEMORY_PAGES) + u64::from(*count);
            assert!(within <= memory / PAGE_BYTES as u64, "pages lie in the memory");
            let (run, rest) = bytes.split_at(*count as usize * PAGE_BYTES);
            assert_eq!(given.next(), Some((*first, run)));
            found.extend((u64::from(*first)..).zip(run.chunks(PAGE_BYTES)));
            bytes = rest;
        }
        assert!(bytes.is_empty(), "every page belongs somewhere");
    }
    assert_eq!(given.next(), None);
    assert!(found.keys().all(|number| u32::try_from(*number).is_ok()), "pages have numbers");
    found
}

/// Signatures come and go, and the image stays.
fn resigned(bytes: &[u8], file: &File<'_>) {
    assert!(
        file.with_signatures(file.signatures()).as_deref() == Ok(bytes),
        "there is one way to write an image"
    );
    if file.signatures().is_empty() {
        return;
    }
    let bare = file.with_signatures(&[]).expect("signatures can be left out");
    assert_eq!(read(&bare).id(), file.id());
    assert_eq!(Report::of(&bare).verdict, Verdict::Valid);
    let signature = SecretKey::from_random(&[1; 32]).sign(&file.id());
    let signed = file.with_signatures(&[signature]).expect("an image can be signed");
    assert_eq!(read(&signed).signatures(), [signature]);
    let contents = Report::of(&signed).contents.expect("a signed image is valid");
    assert!(contents.signatures.iter().all(|signature| signature.verified));
}

/// What is the same is written the same, so that it has one identity.
fn rewritten(bytes: &[u8], file: &File<'_>) {
    let manifest = file.manifest();
    let text = serde_json::to_vec(manifest).expect("a manifest can be written");
    // JSON says one thing in many ways, and the head names the version that wrote it.
    if file.section(SectionKind::Manifest, 0) != Some(&text) || !file.signatures().is_empty() {
        return;
    }
    let parts = Parts {
        manifest,
        wasm: file.section(SectionKind::Wasm, 0),
        program: file.section(SectionKind::Program, 0),
        shared: file.section(SectionKind::ReadOnly, 0).unwrap_or_default(),
        pages: (0..count(file)).filter_map(|context| file.section(SectionKind::Pages, context)).collect(),
        native: file.section(SectionKind::Native, 0),
    };
    let again = write(&parts).expect("what was read can be written");
    assert_eq!(read(&again).id(), file.id());
    assert!(again == bytes || read(&again).version() != file.version());
}

/// One image is a chain, unless it says that it builds upon another one.
fn squashed(file: &File<'_>, contexts: &[Pages<'_>]) {
    let manifest = file.manifest();
    let lacks_module = manifest.kind == Kind::Wasm && file.section(SectionKind::Wasm, 0).is_none();
    match squash(std::slice::from_ref(file)) {
        Ok(bytes) => {
            assert!(manifest.parent.is_none());
            let flat = read(&bytes);
            assert_same(&flat, 0, contexts);
            assert!(flat.signatures().is_empty() && flat.manifest().shared.is_empty());
            assert!(squash(&[flat]).as_ref() == Ok(&bytes), "what is flat stays as it is");
        }
        Err(error) => assert!(manifest.parent.is_some() || lacks_module, "{error}"),
    }
}

/// What an image says lies on top of what its parent says.
fn built_upon(file: &File<'_>, contexts: &[Pages<'_>]) {
    let parent = read(&PARENT);
    let Ok(bytes) = squash(&[file.clone(), parent.clone()]) else { return };
    let Some(Parent { context, .. }) = file.manifest().parent else { panic!("it builds upon another image") };
    let below = pages_of(&parent, context);
    for (number, own) in (0..).zip(contexts) {
        let whole = below.iter().chain(own).map(|(number, page)| (*number, *page)).collect();
        assert_same(&read(&bytes), number, &[whole]);
    }
}

/// Joined images hold what each of them held.
fn joined(file: &File<'_>, contexts: &[Pages<'_>]) {
    match join(&[file.clone(), file.clone()]) {
        Ok(bytes) => {
            let both = read(&bytes);
            assert_eq!(both.manifest().contexts.len(), 2 * contexts.len());
            assert_same(&both, 0, contexts);
            assert_same(&both, count(file), contexts);
            assert!(
                both.manifest().contexts.iter().all(|context| contexts.len() > 1 || context.pages.is_empty())
            );
        }
        Err(error) => {
            let too_many = 2 * count(file) > CONTEXTS_MAX;
            assert!(file.manifest().parent.is_some() || too_many, "{error}");
        }
    }
    let parent = read(&PARENT);
    if let Ok(bytes) = join(&[parent.clone(), file.clone()]) {
        let both = read(&bytes);
        assert_same(&both, 0, &[pages_of(&parent, 0)]);
        assert_same(&both, 1, contexts);
    }
}

/// Asserts that the contexts of an image from the given one on hold these pages.
fn assert_same(file: &File<'_>, first: u32, wanted: &[Pages<'_>]) {
    for (context, wanted) in (first..).zip(wanted) {
        assert!(pages_of(file, context) == *wanted, "context {context} holds something else");
    }
}
