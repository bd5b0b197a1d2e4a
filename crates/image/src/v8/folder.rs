//! A snapshot's pieces as files of a folder, with `manifest.json` beside them.
//!
//! Start at [`extract_to`] and [`pack_from`]. Invariant: the names of files are computed from the manifest's
//! order and roles, never read; only regular files are opened, and each is as long as the manifest says or
//! refused.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use super::error::FolderError;
use super::parts::{Checksums, MANIFEST_VERSION, Manifest, Parts, extract, pack};

/// The name of the manifest's file.
pub const MANIFEST_NAME: &str = "manifest.json";

/// The largest manifest. One of the most contexts that are read has half of it.
const MANIFEST_BYTES_MAX: u64 = 2 << 20;

/// The most pieces: sections with a gap in front of each, and node's data.
const PIECES_MAX: usize = 2 * (super::CONTEXTS_MAX as usize + 8);

/// All pieces together.
const TOTAL_BYTES_MAX: u64 = 1 << 30;

/// Takes a snapshot apart into the files of a folder. The folder is made if it is not there; no file is
/// overwritten.
///
/// # Errors
///
/// If the snapshot cannot be read, a file exists already or cannot be written.
pub fn extract_to(bytes: &[u8], folder: &Path) -> Result<Manifest, FolderError> {
    let parts = extract(bytes)?;
    fs::create_dir_all(folder).map_err(|source| io_error(folder, source))?;
    for (index, (info, piece)) in parts.manifest.pieces.iter().zip(&parts.pieces).enumerate() {
        write_new(&folder.join(info.role.file_name(index)), piece)?;
    }
    let text =
        serde_json::to_string_pretty(&parts.manifest).map_err(|error| manifest_error(error.to_string()))?;
    write_new(&folder.join(MANIFEST_NAME), format!("{text}\n").as_bytes())?;
    Ok(parts.manifest)
}

/// Puts the snapshot together that [`extract_to`] took apart.
///
/// # Errors
///
/// If the manifest is not as `extract_to` writes it, or a piece is missing or has another length.
pub fn pack_from(folder: &Path, checksums: Checksums) -> Result<Vec<u8>, FolderError> {
    let path = folder.join(MANIFEST_NAME);
    let (mut file, length) = open(&path)?;
    if length > MANIFEST_BYTES_MAX {
        return Err(manifest_error(format!("it has {length} bytes; at most {MANIFEST_BYTES_MAX} are read")));
    }
    let mut text = Vec::new();
    (&mut file).take(MANIFEST_BYTES_MAX).read_to_end(&mut text).map_err(|source| io_error(&path, source))?;
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|error| manifest_error(error.to_string()))?;
    check(&manifest)?;
    let mut pieces = Vec::with_capacity(manifest.pieces.len());
    for (index, info) in manifest.pieces.iter().enumerate() {
        pieces.push(read_piece(folder, &info.role.file_name(index), info.length)?);
    }
    Ok(pack(&Parts { manifest, pieces }, checksums)?)
}

fn check(manifest: &Manifest) -> Result<(), FolderError> {
    if manifest.manifest != MANIFEST_VERSION {
        let found = manifest.manifest;
        return Err(manifest_error(format!("it has version {found}; version {MANIFEST_VERSION} is read")));
    }
    if manifest.pieces.len() > PIECES_MAX {
        let found = manifest.pieces.len();
        return Err(manifest_error(format!("it has {found} pieces; at most {PIECES_MAX} are read")));
    }
    let total = manifest.pieces.iter().try_fold(0u64, |sum, info| sum.checked_add(info.length));
    if total.is_none_or(|total| total > TOTAL_BYTES_MAX) {
        return Err(manifest_error(format!("its pieces have more than {TOTAL_BYTES_MAX} bytes together")));
    }
    Ok(())
}

fn read_piece(folder: &Path, name: &str, length: u64) -> Result<Vec<u8>, FolderError> {
    let path = folder.join(name);
    let (mut file, found) = open(&path)?;
    let mut piece = Vec::new();
    if found == length {
        (&mut file).take(length).read_to_end(&mut piece).map_err(|source| io_error(&path, source))?;
    }
    if piece.len() as u64 != length {
        let what = format!("it has {found} bytes; the manifest says {length}");
        return Err(FolderError::Piece { name: name.to_owned(), what });
    }
    Ok(piece)
}

/// Opens a regular file and gives its length.
fn open(path: &Path) -> Result<(File, u64), FolderError> {
    let failed = |source| io_error(path, source);
    if !fs::symlink_metadata(path).map_err(failed)?.is_file() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "this is no regular file")));
    }
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    Ok((file, length))
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(|source| io_error(path, source))
}

fn io_error(path: &Path, source: io::Error) -> FolderError {
    FolderError::Io { path: path.display().to_string(), source }
}

fn manifest_error(what: String) -> FolderError {
    FolderError::Manifest { what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v8::layout::Layout;
    use crate::v8::testing::{Random, Recipe, container};

    fn folder(bytes: &[u8]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a directory");
        extract_to(bytes, folder.path()).expect("files");
        folder
    }

    fn sample() -> Vec<u8> {
        container(24, &Recipe::new(Layout::V11_8, 3).build(&mut Random::new(2)))
    }

    /// Replaces text of the manifest and says why the folder is refused.
    fn refusal(from: &str, to: &str) -> String {
        let folder = folder(&sample());
        let path = folder.path().join(MANIFEST_NAME);
        let text = fs::read_to_string(&path).expect("a manifest");
        assert!(text.contains(from), "{text}");
        fs::write(&path, text.replacen(from, to, 1)).expect("a manifest");
        pack_from(folder.path(), Checksums::Keep).expect_err("it is hostile").to_string()
    }

    #[test]
    fn a_folder_gives_the_same_bytes() {
        let mut random = Random::new(4);
        for recipe in Recipe::all() {
            let blob = recipe.build(&mut random);
            for bytes in [container(18, &blob), blob] {
                assert_eq!(pack_from(folder(&bytes).path(), Checksums::Keep).expect("bytes"), bytes);
                assert_eq!(pack_from(folder(&bytes).path(), Checksums::Recompute).expect("bytes"), bytes);
            }
        }
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = folder(&sample());
        assert!(extract_to(&sample(), folder.path()).is_err());
    }

    #[test]
    fn hostile_manifests_are_refused() {
        let length = "\"length\": ";
        assert!(refusal(length, "\"length\": 9").contains("the manifest says 9"));
        assert!(refusal(length, "\"length\": -").contains("invalid value"));
        assert!(refusal(length, "\"length\": 99999999999").contains("more than 1073741824 bytes together"));
        assert!(refusal(length, "\"file\": \"/etc/passwd\", \"length\": ").contains("unknown field"));
        assert!(refusal("container-head", "../../etc/passwd").contains("unknown variant"));
        assert!(refusal("read-only", "../x").contains("no kind of section"));
        assert!(refusal("container-head", "gap").contains("0000-gap.bin"));
        assert!(
            refusal("\"manifest\": 1", "\"manifest\": 2").contains("it has version 2; version 1 is read")
        );
        assert!(refusal("{", "").contains(MANIFEST_NAME));
        let many = format!("[{}", "{\"role\":\"gap\",\"offset\":0,\"length\":0},".repeat(PIECES_MAX));
        assert!(refusal("[", &many).contains("pieces; at most"));
    }

    #[test]
    fn links_and_folders_in_the_place_of_pieces_are_refused() {
        let bytes = sample();
        let linked = folder(&bytes);
        let piece = linked.path().join("0001-header.bin");
        let other = linked.path().join("other");
        fs::rename(&piece, &other).expect("renamed");
        assert!(pack_from(linked.path(), Checksums::Keep).is_err());
        fs::create_dir(&piece).expect("a directory");
        let error = pack_from(linked.path(), Checksums::Keep).expect_err("a directory").to_string();
        assert!(error.ends_with("this is no regular file"), "{error}");
        #[cfg(unix)]
        {
            fs::remove_dir(&piece).expect("removed");
            std::os::unix::fs::symlink(&other, &piece).expect("a link");
            let error = pack_from(linked.path(), Checksums::Keep).expect_err("a link").to_string();
            assert!(error.ends_with("this is no regular file"), "{error}");
        }
    }
}
