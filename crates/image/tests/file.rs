//! The format: what was written is read, whatever else is refused with its place.

use b8g_image::{
    CONTEXTS_MAX, File, FileError, FrozenContext, Global, HEAD_BYTES, Heap, Kind, Manifest, PAGE_BYTES,
    Parts, SectionKind, Stage, VERSION_BYTES, Want, WantedAccess, write,
};

fn manifest() -> Manifest {
    Manifest {
        kind: Kind::Wasm,
        name: "a.wasm".into(),
        b8g: "0.1.0".into(),
        component: "00".repeat(32),
        program: None,
        language: None,
        main: Some("run".into()),
        wants: vec![Want { access: WantedAccess::Net, target: "example.com:443".into() }],
        imports: vec!["b8g.call".into()],
        parent: None,
        native: None,
        shared: vec![(2, 1)],
        contexts: vec![FrozenContext {
            stage: Stage::Started,
            memory_bytes: 65536 * 2,
            pages: vec![(1, 1), (4, 1)],
            globals: vec![
                Global::I32(-1),
                Global::I64(i64::MIN),
                Global::F32(1),
                Global::F64(u64::MAX),
                Global::V128(1, 2),
            ],
            generations: vec![1, 0, 4096],
            heap: Some(Heap { bytes: 7, ..Heap::default() }),
            memories: Vec::new(),
            clock_ns: 0,
            resources: Vec::new(),
        }],
    }
}

fn image() -> Vec<u8> {
    let pages = [[7; PAGE_BYTES], [9; PAGE_BYTES]].concat();
    write(&parts(&manifest(), vec![&pages])).unwrap()
}

fn parts<'p>(manifest: &'p Manifest, pages: Vec<&'p [u8]>) -> Parts<'p> {
    let shared = if manifest.shared.is_empty() { &[][..] } else { &[8; PAGE_BYTES] };
    Parts { manifest, wasm: Some(b"\0asm"), program: None, shared, pages, native: None }
}

/// What a second reader relies on: a change of these needs a new version of the format.
#[test]
fn the_layout_stays() {
    assert_eq!((HEAD_BYTES, PAGE_BYTES, VERSION_BYTES, CONTEXTS_MAX), (4096, 4096, 128, 16));
    let bytes = image();
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let long = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    assert_eq!((word(0), word(4)), (1, 1), "contexts, rehashability");
    assert_eq!(word(8).to_le_bytes(), blake3::hash(&bytes[12..4096]).as_bytes()[..4]);
    assert!(bytes[12..140].starts_with(b"b8g 0.1.0 image 2\0"));
    assert_eq!((long(144), long(152)), (3 * 4096, 4 * 4096), "read-only data, context 0");
    assert_eq!((long(160), word(168), word(172)), (6 * 4096, 4, 0), "length, sections");
    let records: Vec<_> = (0..4)
        .map(|i| 176 + i * 56)
        .map(|at| (word(at), word(at + 4), long(at + 8), long(at + 16)))
        .collect();
    let manifest_bytes = records[0].3;
    assert_eq!(
        records,
        [(1, 0, 4096, manifest_bytes), (2, 0, 8192, 4), (4, 0, 12288, 4096), (5, 0, 16384, 8192)]
    );
    assert_eq!(bytes[200..232], *blake3::hash(&bytes[4096..4096 + manifest_bytes as usize]).as_bytes());
}

#[test]
fn what_was_written_is_read() {
    let bytes = image();
    assert!(File::is_image(&bytes));
    let file = File::read(&bytes).unwrap();
    assert_eq!(*file.manifest(), manifest());
    assert_eq!(file.section(SectionKind::Wasm, 0), Some(&b"\0asm"[..]));
    assert_eq!(file.section(SectionKind::Program, 0), None);
    assert_eq!(file.section(SectionKind::Pages, 0).unwrap()[PAGE_BYTES..], [9; PAGE_BYTES]);
    assert_eq!(file.version(), "b8g 0.1.0 image 2");
    let runs: Vec<_> = file.pages(0).map(|(at, bytes)| (at, bytes.len(), bytes[0])).collect();
    assert_eq!(runs, [(2, PAGE_BYTES, 8), (1, PAGE_BYTES, 7), (4, PAGE_BYTES, 9)]);
}

#[test]
fn every_changed_byte_is_found() {
    let bytes = image();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        match File::read(&changed) {
            Err(FileError::Damaged { offset, .. }) => assert!(offset <= bytes.len() as u64),
            Err(FileError::NoImage) => assert!((12..16).contains(&at), "{at}"),
            Err(FileError::Version(_)) => assert!((12..140).contains(&at), "{at}"),
            other => panic!("byte {at}: {other:?}"),
        }
    }
}

#[test]
fn every_cut_is_found() {
    let bytes = image();
    for len in 0..bytes.len() {
        assert!(File::read(&bytes[..len]).is_err(), "{len}");
    }
    assert!(File::read(&[bytes.clone(), vec![0]].concat()).is_err());
    assert!(File::read(&[bytes, vec![0; PAGE_BYTES]].concat()).is_err());
}

/// The head's sum made right again, as somebody would who means harm.
fn sealed(bytes: &mut [u8]) {
    let sum = *blake3::hash(&bytes[12..4096]).as_bytes();
    bytes[8..12].copy_from_slice(&sum[..4]);
}

#[test]
fn extremes_in_the_head_are_refused() {
    let bytes = image();
    for at in (0..360).step_by(4).filter(|at| *at != 8) {
        for value in [0, 1, 2, 5, 17, 4095, 4096, 8192, 0x7fff_ffff, 0x8000_0000, 0xffff_f000, u32::MAX] {
            let mut changed = bytes.clone();
            changed[at..at + 4].copy_from_slice(&value.to_le_bytes());
            if changed == bytes {
                continue;
            }
            sealed(&mut changed);
            assert!(File::read(&changed).is_err(), "{value:#x} at {at}");
        }
    }
}

#[test]
fn a_manifest_that_does_not_fit_is_refused() {
    let pages = vec![0u8; PAGE_BYTES * 2];
    let refused = |change: fn(&mut Manifest), pages: Vec<&[u8]>| {
        let mut manifest = manifest();
        change(&mut manifest);
        write(&parts(&manifest, pages)).unwrap_err().to_string()
    };
    for (change, why) in [
        ((|m| m.contexts[0].pages = vec![(4, 1), (1, 1)]) as fn(&mut Manifest), "overlap"),
        (|m| m.contexts[0].pages = vec![(1, 2), (2, 1)], "overlap"),
        (|m| m.contexts[0].pages = vec![(31, 2)], "outside"),
        (|m| m.contexts[0].pages = vec![(u32::MAX, u32::MAX)], "outside"),
        (|m| m.contexts[0].memory_bytes = (1 << 32) + 1, "more memory"),
        (|m| m.wants = vec![m.wants[0].clone(); 257], "wants more"),
        (|m| m.wants[0].target = "a".repeat(4097), "wants more"),
        (|m| m.contexts[0].pages = vec![(0, 3)], "another number of pages"),
        (|m| m.contexts[0].pages = vec![(0, 0), (1, 2)], "overlap"),
        (|m| m.shared = vec![(3, 2)], "number of shared pages"),
        (|m| m.shared = vec![(31, 2)], "shared pages overlap"),
        (|m| m.native = Some("00".repeat(32)), "machine code"),
        (|m| m.contexts.clear(), "number of contexts"),
        (|m| m.contexts.push(m.contexts[0].clone()), "number of contexts"),
    ] {
        let found = refused(change, vec![&pages]);
        assert!(found.contains(why) && found.contains("at byte"), "{found}");
    }
    assert!(refused(|_| {}, vec![]).contains("1 to 16 contexts"));
    assert!(refused(|_| {}, vec![&pages; 17]).contains("1 to 16 contexts"));
}

/// Who signs an image changes neither what it is nor which version wrote it.
#[test]
fn a_version_stays() {
    let mut other = image();
    other[12..29].copy_from_slice(b"b8g 0.9.0 image 2");
    sealed(&mut other);
    assert_eq!(File::read(&other).unwrap().with_signatures(&[]).unwrap(), other);
    other[12..30].copy_from_slice(b"b8g 0.9.0 image +2");
    sealed(&mut other);
    assert!(File::read(&other).unwrap_err().to_string().contains("version is not readable"));
}

/// The records of two sections of the same bytes change places: the file would be another one that says the same.
#[test]
fn sections_have_one_order() {
    let context = FrozenContext { pages: vec![(0, 1)], ..manifest().contexts.remove(0) };
    let two = Manifest { shared: Vec::new(), contexts: vec![context.clone(), context], ..manifest() };
    let mut bytes = write(&parts(&two, vec![&[7; PAGE_BYTES]; 2])).unwrap();
    let records = 152 + 2 * 8 + 16;
    let (first, second) = (records + 2 * 56 + 4, records + 3 * 56 + 4);
    assert_eq!((bytes[first], bytes[second]), (0, 1), "the indices of the contexts' pages");
    bytes.swap(first, second);
    let offsets: Vec<u8> = [&bytes[160..168], &bytes[152..160]].concat();
    bytes[152..168].copy_from_slice(&offsets);
    sealed(&mut bytes);
    let error = File::read(&bytes).unwrap_err().to_string();
    assert!(error.contains("out of order"), "{error}");
}

#[test]
fn other_versions_are_named() {
    let mut newer = image();
    newer[12..29].copy_from_slice(b"b8g 0.9.0 image 3");
    sealed(&mut newer);
    assert_eq!(File::read(&newer).unwrap_err(), FileError::Version("b8g 0.9.0 image 3".into()));
    for other in [&b""[..], b"\0asm\x01\0\0\0", &[0; 5000], b"console.log(1)"] {
        assert_eq!(File::read(other).unwrap_err(), FileError::NoImage);
    }
}

/// Images of released versions load, or are refused by the name of their version.
#[test]
fn images_of_earlier_versions_are_named() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/images");
    let first = std::fs::read(format!("{directory}/format-1.b8g")).unwrap();
    assert_eq!(File::read(&first).unwrap_err(), FileError::Version("b8g 0.1.0 image 1".into()));
    let report = b8g_image::explain::Report::of(&first);
    assert_eq!(report.version, "b8g 0.1.0 image 1");
    let second = std::fs::read(format!("{directory}/format-2.b8g")).unwrap();
    let file = File::read(&second).unwrap();
    assert_eq!((file.manifest().main.as_deref(), file.signatures().len()), (Some("next"), 1));
    assert!(file.signatures()[0].verify(&file.id()), "what is signed, and how, stays");
    assert_eq!(
        blake3::Hash::from_bytes(file.id()).to_hex().as_str(),
        "e31e3218b35d53de35d11f5a88fa79edb528ef01f756126fb19813c41d82953b",
        "an image's identity stays"
    );
}
