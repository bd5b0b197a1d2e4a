//! What the tests share: trees of files, and a reader of blobs that trusts nothing in them.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::fs;
use std::path::{Component, Path, PathBuf};

use b8g_frontend_ts::{BuildError, Entry, Language, Options, Program, build_program};
use tempfile::TempDir;

/// Writes files below a new directory.
pub fn tree(files: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new().expect("a temporary directory");
    for (path, text) in files {
        write(root.path(), path, text);
    }
    root
}

pub fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, text).expect("a file");
}

/// Builds the program whose entry is a source in `root`, so that names are relative to it.
pub fn try_build(root: &Path, entry: &str) -> Result<Program, BuildError> {
    let path = root.join(entry);
    let source = fs::read_to_string(&path).expect("an entry");
    let language = Language::from_path(&path).expect("a language");
    let entry = Entry::Source { name: entry, language, source: &source, directory: root };
    build_program(entry, &Options::default())
}

pub fn build(root: &Path, entry: &str) -> Blob {
    match try_build(root, entry) {
        Ok(program) => Blob::read(&program),
        Err(error) => panic!("{error}"),
    }
}

/// Builds a tree that must fail. Answers the message.
pub fn message(files: &[(&str, &str)], entry: &str) -> String {
    let root = tree(files);
    match try_build(root.path(), entry) {
        Ok(_) => panic!("it was built"),
        Err(error) => {
            let text = error.to_string();
            let path = root.path().to_string_lossy().into_owned();
            assert!(!text.contains(&path), "the message tells where the files are: {text}");
            text
        }
    }
}

/// Compiles one TypeScript source.
pub fn strip(source: &str) -> String {
    match b8g_frontend_ts::compile_script("test.ts", source, Language::TypeScript) {
        Ok(script) => script.code,
        Err(error) => panic!("{error}"),
    }
}

/// The path to a file of a temporary directory from the current directory.
pub fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().expect("a current directory").canonicalize().expect("it exists");
    let real = path.canonicalize().expect("it exists");
    let shared = here.components().zip(real.components()).take_while(|(a, b)| a == b).count();
    let up = here.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(real.components().skip(shared)).collect()
}

/// A blob that was read back; every offset was checked.
#[derive(Debug)]
pub struct Blob {
    pub modules: Vec<Module>,
}

#[derive(Debug)]
pub struct Module {
    pub kind: u32,
    pub name: String,
    pub source: String,
    pub map: Vec<[u32; 4]>,
    pub imports: Vec<(String, u32)>,
    pub names: Vec<String>,
}

impl Blob {
    pub fn read(program: &Program) -> Self {
        let reader = Reader(&program.blob);
        assert_eq!(&program.blob[..8], b"b8gjs\0\0\x01");
        let count = reader.number(8);
        assert!(reader.number(12) < count, "the entry is a module");
        let records = reader.number(16);
        assert_eq!(reader.number(20), 0);
        let modules: Vec<Module> =
            (0..count).map(|index| reader.module(records + 40 * index, count)).collect();
        assert_eq!(reader.number(12), 0);
        assert_eq!(program.modules.len(), modules.len());
        for (info, module) in program.modules.iter().zip(&modules) {
            assert_eq!((&info.name, info.kind as u32), (&module.name, module.kind));
            assert_eq!(info.source_bytes, module.source.len());
        }
        Self { modules }
    }

    pub fn names(&self) -> Vec<&str> {
        self.modules.iter().map(|module| module.name.as_str()).collect()
    }

    pub fn module(&self, name: &str) -> &Module {
        let found = self.modules.iter().find(|module| module.name == name);
        found.unwrap_or_else(|| panic!("no module {name} in {:?}", self.names()))
    }

    /// The name of the module that a specifier leads to; "?" if it leads nowhere.
    pub fn target(&self, module: &str, specifier: &str) -> &str {
        let imports = &self.module(module).imports;
        let found = imports.iter().find(|(other, _)| other == specifier);
        let (_, target) =
            found.unwrap_or_else(|| panic!("{module} does not ask for {specifier}: {imports:?}"));
        if *target == u32::MAX { "?" } else { &self.modules[*target as usize].name }
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&self, at: u32) -> u32 {
        let at = at as usize;
        u32::from_le_bytes(self.0[at..at + 4].try_into().expect("four bytes"))
    }

    fn text(&self, offset: u32, length: u32) -> String {
        let end = offset.checked_add(length).expect("no overflow") as usize;
        assert_eq!(self.0[end], 0, "a text ends with NUL");
        std::str::from_utf8(&self.0[offset as usize..end]).expect("UTF-8").to_owned()
    }

    fn module(&self, at: u32, count: u32) -> Module {
        let [kind, name, name_len, source, source_len, map, map_len, imports, import_len, names] =
            std::array::from_fn(|field| self.number(at + 4 * u32::try_from(field).expect("small")));
        assert!(kind <= 3);
        let map: Vec<[u32; 4]> = (0..map_len)
            .map(|entry| std::array::from_fn(|field| self.number(map + 16 * entry + 4 * field as u32)))
            .collect();
        assert!(map.is_sorted_by_key(|entry| (entry[0], entry[1])), "a map is sorted");
        let pair = |table: u32, stride: u32, entry: u32| {
            let at = table + stride * entry;
            self.text(self.number(at), self.number(at + 4))
        };
        let imports = (0..import_len).map(|entry| {
            let target = self.number(imports + 12 * entry + 8);
            assert!(target < count || target == u32::MAX, "a target is a module");
            (pair(imports, 12, entry), target)
        });
        let name_count = if names == 0 { 0 } else { self.number(names) };
        Module {
            kind,
            name: self.text(name, name_len),
            source: self.text(source, source_len),
            map,
            imports: imports.collect(),
            names: (0..name_count).map(|entry| pair(names + 4, 8, entry)).collect(),
        }
    }
}
