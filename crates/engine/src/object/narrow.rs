//! Narrowing: a part of what files, network or environment allow, as an object of its own, to be given away.
//!
//! Start reading at [`narrow`]. What comes out allows nothing that what went in did not; names and links are resolved now,
//! within the grant, so that what is given away does not change with what lies there later.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use b8g_core::{Error, Rights};
use cap_fs_ext::DirExt;

use super::environment::Environment;
use super::files::{Files, Root, right_of};
use super::network::Network;
use super::{Allowance, Lease, Object, host_error};
use crate::monitor::Monitor;
use crate::outcome::Access;

/// Counted for what is kept, beside twice its list.
const OVERHEAD_BYTES: u64 = 1024;
/// Entries of a list at most.
const ENTRIES_MAX: usize = 256;

/// Keeps of an object what the list names: its entries each end with a NUL. Gives the rights that its handle has.
///
/// # Errors
/// [`Error::Rights`] for what it does not allow, which is noted; [`Error::Argument`] for what is no such list;
/// [`Error::Type`] for other objects.
pub(crate) fn narrow(
    object: &Object,
    list: &[u8],
    monitor: &Monitor,
    (shared, descriptors): (&Allowance, &Allowance),
) -> Result<(Object, Rights), Error> {
    let entries: Vec<&[u8]> = match list.strip_suffix(&[0]) {
        Some(list) => list.split(|b| *b == 0).collect(),
        None if list.is_empty() => Vec::new(),
        None => return Err(Error::Argument),
    };
    if entries.len() > ENTRIES_MAX {
        return Err(Error::Limit);
    }
    let counted = Arc::new(shared.lease_many(OVERHEAD_BYTES + 2 * list.len() as u64)?);
    match object {
        Object::Files(files) => {
            let mut kept = Files::default();
            kept.counted.push(counted);
            kept.current.clone_from(&files.current);
            let mut rights = Rights::NONE;
            for entry in entries {
                let (letter, path) = entry.split_first().ok_or(Error::Argument)?;
                let accesses: &[Access] = match letter {
                    b'r' => &[Access::Read],
                    b'w' => &[Access::Write],
                    b'b' => &[Access::Read, Access::Write],
                    _ => return Err(Error::Argument),
                };
                rights = accesses.iter().fold(rights, |all, access| all.union(right_of(*access)));
                kept.add_apart(files.part(path, accesses, monitor, descriptors)?);
            }
            Ok((Object::Files(Arc::new(kept)), rights))
        }
        Object::Network(network) => {
            let mut kept = Network::default();
            kept._counted = Some(counted);
            kept.trust = network.trust().clone();
            for entry in entries {
                let text = std::str::from_utf8(entry).map_err(|_| Error::Argument)?;
                network.keep(text, &mut kept, monitor)?;
            }
            Ok((Object::Network(Arc::new(kept)), Rights::READ.union(Rights::WRITE)))
        }
        Object::Environment(environment) => {
            let mut kept = Environment::default();
            kept._counted = Some(counted);
            for entry in entries {
                let text = std::str::from_utf8(entry).map_err(|_| Error::Argument)?;
                environment.keep(text, &mut kept, monitor)?;
            }
            Ok((Object::Environment(Arc::new(kept)), Rights::READ))
        }
        _ => Err(Error::Type),
    }
}

impl Files {
    /// What is granted at a path, for some of the accesses that are.
    ///
    /// What a narrowed name stands for is known by its directory alone: the text of a path may lead through links.
    fn part(
        &self,
        path: &[u8],
        accesses: &[Access],
        monitor: &Monitor,
        descriptors: &Allowance,
    ) -> Result<(Root, Vec<Arc<Lease>>), Error> {
        let (root, guest, below) = self.covering(path, accesses, monitor)?;
        let needed = accesses.iter().fold(Rights::NONE, |all, access| all.union(right_of(*access)));
        let grants = root.grants.iter().map(|(rights, number)| (rights.intersect(needed), *number));
        let grants = grants.filter(|(rights, _)| *rights != Rights::NONE).collect();
        let made = |dir, only| Root { guest, absolute: Vec::new(), host: PathBuf::new(), dir, only, grants };
        let lease = vec![Arc::new(descriptors.lease()?)];
        if root.only.is_some() && below == Path::new(".") {
            return Ok((made(root.dir.clone(), root.only.clone()), Vec::new()));
        }
        let dir = match &root.only {
            Some(name) => Arc::new(root.dir.open_dir_nofollow(name).map_err(|e| host_error(&e))?),
            None => root.dir.clone(),
        };
        match dir.open_dir(&below) {
            Ok(opened) => Ok((made(Arc::new(opened), None), lease)),
            Err(error) => {
                // A file, or a name that is not there yet: that name alone, in its directory.
                let name = below.file_name().map(OsStr::to_owned).ok_or_else(|| host_error(&error))?;
                let above = below.parent().filter(|above| !above.as_os_str().is_empty());
                let above = dir.open_dir(above.unwrap_or(Path::new("."))).map_err(|e| host_error(&e))?;
                Ok((made(Arc::new(above), Some(PathBuf::from(name))), lease))
            }
        }
    }
}
