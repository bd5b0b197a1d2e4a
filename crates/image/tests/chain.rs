//! Images that build upon others, that are joined, and that are signed.

use b8g_image::chain::{join, squash};
use b8g_image::explain::{Report, Verdict};
use b8g_image::signature::{SecretKey, Signature};
use b8g_image::{File, FrozenContext, Kind, Manifest, PAGE_BYTES, Parent, Parts, Stage, write};

fn context(pages: &[(u32, u32)]) -> FrozenContext {
    FrozenContext {
        stage: Stage::Started,
        memory_bytes: 65536,
        pages: pages.to_vec(),
        globals: Vec::new(),
        generations: Vec::new(),
        heap: None,
        memories: Vec::new(),
        clock_ns: 0,
        resources: Vec::new(),
    }
}

fn manifest(contexts: Vec<FrozenContext>, parent: Option<Parent>) -> Manifest {
    Manifest {
        kind: Kind::JavaScript,
        name: "a.js".into(),
        b8g: "0.1.0".into(),
        component: "00".repeat(32),
        program: None,
        language: None,
        main: None,
        wants: Vec::new(),
        imports: Vec::new(),
        parent,
        native: None,
        shared: Vec::new(),
        contexts,
    }
}

/// An image of one context whose page of number `n` is filled with the byte that is given for it.
fn image(pages: &[(u32, u8)], parent: Option<Parent>) -> Vec<u8> {
    let runs: Vec<(u32, u32)> = pages.iter().map(|(number, _)| (*number, 1)).collect();
    let bytes: Vec<u8> = pages.iter().flat_map(|(_, byte)| [*byte; PAGE_BYTES]).collect();
    written(&manifest(vec![context(&runs)], parent), &bytes)
}

fn written(manifest: &Manifest, pages: &[u8]) -> Vec<u8> {
    write(&Parts { manifest, wasm: None, program: None, shared: &[], pages: vec![pages], native: None })
        .unwrap()
}

fn parent_of(bytes: &[u8]) -> Parent {
    let id = blake3::Hash::from_bytes(File::read(bytes).unwrap().id()).to_hex().to_string();
    Parent { id, file: "parent.b8g".into(), context: 0 }
}

fn pages(bytes: &[u8], context: u32) -> Vec<(u32, u8)> {
    let file = File::read(bytes).unwrap();
    let mut found = Vec::new();
    for (first, run) in file.pages(context) {
        for (at, page) in (0..).zip(run.chunks(PAGE_BYTES)) {
            assert!(page.iter().all(|byte| *byte == page[0]));
            found.push((first + at, page[0]));
        }
    }
    found.sort();
    found
}

#[test]
fn a_chain_is_what_lies_on_top() {
    let first = image(&[(0, 1), (1, 1), (5, 1)], None);
    let second = image(&[(1, 2), (9, 2)], Some(parent_of(&first)));
    let third = image(&[(0, 3), (9, 3)], Some(parent_of(&second)));
    let chain: Vec<File<'_>> = [&third, &second, &first].map(|bytes| File::read(bytes).unwrap()).into();
    let whole = squash(&chain).unwrap();
    assert_eq!(pages(&whole, 0), [(0, 3), (1, 2), (5, 1), (9, 3)]);
    assert_eq!(File::read(&whole).unwrap().manifest().parent, None);
    assert_eq!(pages(&squash(&chain[1..]).unwrap(), 0), [(0, 1), (1, 2), (5, 1), (9, 2)]);
}

/// Behind the last number that a page can have there is none.
#[test]
fn the_last_page_of_all_is_a_page() {
    const LAST: u32 = (1 << 20) - 1;
    let mut huge = manifest(vec![context(&[(LAST - 1, 2)])], None);
    huge.contexts[0].memory_bytes = 1 << 32;
    let bytes = written(&huge, &[7; 2 * PAGE_BYTES]);
    let file = File::read(&bytes).unwrap();
    let last = [(LAST - 1, 7), (LAST, 7)];
    assert_eq!(pages(&squash(std::slice::from_ref(&file)).unwrap(), 0), last);
    let joined = join(&[file.clone(), file]).unwrap();
    assert_eq!(pages(&joined, 1), last);
}

#[test]
fn what_is_no_chain_is_refused() {
    let first = image(&[(0, 1)], None);
    let other = image(&[(0, 9)], None);
    let child = image(&[(1, 2)], Some(parent_of(&first)));
    let refused = |files: &[&[u8]]| {
        let files: Vec<File<'_>> = files.iter().map(|bytes| File::read(bytes).unwrap()).collect();
        squash(&files).unwrap_err().to_string()
    };
    assert!(refused(&[&child]).contains("is missing"));
    assert!(refused(&[&child, &other]).contains("another image"));
    assert!(refused(&[&child, &child]).contains("another image"), "nothing is its own parent");
    assert!(refused(&[&first, &other]).contains("builds upon no other"));
    let far = Parent { context: 1, ..parent_of(&first) };
    assert!(refused(&[&image(&[], Some(far)), &first]).contains("no such context"));
    let mut small = manifest(vec![context(&[])], Some(parent_of(&first)));
    small.contexts[0].memory_bytes = PAGE_BYTES as u64;
    assert!(refused(&[&written(&small, &[]), &first]).contains("smaller"));
    let mut foreign = manifest(vec![context(&[])], Some(parent_of(&first)));
    foreign.component = "11".repeat(32);
    assert!(refused(&[&written(&foreign, &[]), &first]).contains("something else"));
    let odd = Parent { id: "not a digest".into(), ..parent_of(&first) };
    assert!(refused(&[&image(&[], Some(odd)), &first]).contains("another image"));
    let mut links = vec![first];
    (0..16).for_each(|_| links.push(image(&[], Some(parent_of(&links[links.len() - 1])))));
    let files: Vec<File<'_>> = links.iter().rev().map(|bytes| File::read(bytes).unwrap()).collect();
    assert!(squash(&files).unwrap_err().to_string().contains("more than 16"));
    assert!(squash(&files[1..]).is_ok());
    assert!(squash(&[]).is_err());
}

#[test]
fn joined_images_hold_once_what_they_share() {
    let (a, b) = (image(&[(0, 1), (1, 1), (2, 7)], None), image(&[(0, 1), (1, 2), (4, 7)], None));
    let files = [&a, &b, &a].map(|bytes| File::read(bytes).unwrap());
    let joined = join(&files).unwrap();
    let file = File::read(&joined).unwrap();
    assert_eq!((file.manifest().contexts.len(), &file.manifest().shared[..]), (3, &[(0, 1)][..]));
    assert_eq!(pages(&joined, 0), [(0, 1), (1, 1), (2, 7)]);
    assert_eq!(pages(&joined, 1), [(0, 1), (1, 2), (4, 7)]);
    assert_eq!(pages(&joined, 2), pages(&joined, 0));
    assert_eq!(Report::of(&joined).contents.unwrap().shared_bytes, PAGE_BYTES as u64);
    let again = join(&[file]).unwrap();
    assert_eq!(pages(&again, 1), pages(&joined, 1), "joined images can be joined");
    let mut other = manifest(vec![context(&[])], None);
    other.main = Some("main".into());
    let other = written(&other, &[]);
    let refused = join(&[File::read(&a).unwrap(), File::read(&other).unwrap()]).unwrap_err();
    assert!(refused.to_string().contains("same program"));
    for count in [0, 17, 100, 1000] {
        assert!(join(&vec![File::read(&a).unwrap(); count]).is_err(), "{count}");
    }
}

#[test]
fn a_signature_does_not_change_what_is_signed() {
    let bytes = image(&[(0, 1)], None);
    let file = File::read(&bytes).unwrap();
    let key = SecretKey::from_random(&[7; 32]);
    let words = [key.sign(&file.id()), Signature::of_machine(&[8; 32], &file.id())];
    let signed = file.with_signatures(&words).unwrap();
    let again = File::read(&signed).unwrap();
    assert_eq!((again.id(), again.signatures()), (file.id(), &words[..]));
    assert_eq!(again.with_signatures(&[]).unwrap(), bytes);
    let report = Report::of(&signed);
    assert_eq!(report.verdict, Verdict::Valid);
    let found: Vec<_> = report.contents.unwrap().signatures.iter().map(|s| (s.scheme, s.verified)).collect();
    assert_eq!(found, [("ed25519", true), ("machine", false)]);
    assert!(again.with_signatures(&[words[0]; 17]).is_err());
    // Of another image: the file is whole, its signature is not.
    let forged = file.with_signatures(&[key.sign(&[0; 32])]).unwrap();
    let report = Report::of(&forged);
    assert_eq!(report.verdict, Verdict::Damaged);
    let problem = report.problem.unwrap();
    assert!(problem.reason.contains("did not sign") && problem.offset == Some(12288), "{problem:?}");
}
