//! `wasi:filesystem`: descriptors over handles. What a path is, and that none leaves its directory, is checked behind the
//! directory's handle.

use b8g_core::Error;
use b8g_core::abi::{FileType, Request, Stat, open};
use wasmtime::Result;
use wasmtime::component::Resource;

use super::bindings::wasi::clocks::wall_clock::Datetime;
use super::bindings::wasi::filesystem::{preopens, types};
use super::clocks::datetime;
use super::streams::{InputStream, IoError, OutputStream};
use crate::model::errors::filesystem_code;
use crate::model::files::{self, Descriptor, Listing, NewTime, mode};
use crate::model::host::{self, Done, Failure, ask, duplicate, must};
use crate::state::State;

use types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode, MetadataHashValue,
    NewTimestamp, OpenFlags, PathFlags,
};

type Here = Resource<Descriptor>;

fn code(error: Error) -> ErrorCode {
    filesystem_code!(ErrorCode, error)
}

fn descriptor_type(file_type: FileType) -> DescriptorType {
    match file_type {
        FileType::Unknown => DescriptorType::Unknown,
        FileType::BlockDevice => DescriptorType::BlockDevice,
        FileType::CharacterDevice => DescriptorType::CharacterDevice,
        FileType::Directory => DescriptorType::Directory,
        FileType::Regular => DescriptorType::RegularFile,
        FileType::SocketDatagram | FileType::SocketStream => DescriptorType::Socket,
        FileType::Symlink => DescriptorType::SymbolicLink,
        FileType::Pipe => DescriptorType::Fifo,
    }
}

fn descriptor_stat(stat: &Stat) -> DescriptorStat {
    DescriptorStat {
        type_: descriptor_type(stat.file_type),
        link_count: u64::from(stat.links),
        size: stat.size,
        data_access_timestamp: Some(datetime(stat.atime_ns)),
        data_modification_timestamp: Some(datetime(stat.mtime_ns)),
        status_change_timestamp: Some(datetime(stat.ctime_ns)),
    }
}

fn new_time(time: NewTimestamp) -> Done<NewTime> {
    Ok(match time {
        NewTimestamp::NoChange => NewTime::Keep,
        NewTimestamp::Now => NewTime::Now,
        NewTimestamp::Timestamp(Datetime { seconds, nanoseconds }) => {
            let ns = seconds.checked_mul(1_000_000_000).and_then(|ns| ns.checked_add(u64::from(nanoseconds)));
            NewTime::At(ns.ok_or(host::errno(libc::EOVERFLOW))?)
        }
    })
}

/// The same flags as numbers, and back.
const MODES: [(DescriptorFlags, u32); 6] = [
    (DescriptorFlags::READ, mode::READ),
    (DescriptorFlags::WRITE, mode::WRITE),
    (DescriptorFlags::FILE_INTEGRITY_SYNC, mode::FILE_SYNC),
    (DescriptorFlags::DATA_INTEGRITY_SYNC, mode::DATA_SYNC),
    (DescriptorFlags::REQUESTED_WRITE_SYNC, mode::REQUESTED_SYNC),
    (DescriptorFlags::MUTATE_DIRECTORY, mode::MUTATE),
];

const HOWS: [(OpenFlags, u32); 4] = [
    (OpenFlags::CREATE, open::CREATE),
    (OpenFlags::DIRECTORY, open::DIRECTORY),
    (OpenFlags::EXCLUSIVE, open::EXCLUSIVE),
    (OpenFlags::TRUNCATE, open::TRUNCATE),
];

fn follows(flags: PathFlags) -> bool {
    flags.contains(PathFlags::SYMLINK_FOLLOW)
}

impl State {
    fn here(&mut self, descriptor: &Here) -> Done<Descriptor> {
        Ok(*self.resources().table.get(descriptor)?)
    }
}

impl preopens::Host for State {
    fn get_directories(&mut self) -> Result<Vec<(Here, String)>> {
        let all = must("the program asked for its directories", files::preopens(self))?;
        let table = &mut self.resources().table;
        all.into_iter().map(|(descriptor, name)| Ok((table.push(descriptor)?, name))).collect()
    }
}

impl types::Host for State {
    fn convert_error_code(&mut self, failure: Failure) -> Result<ErrorCode> {
        match failure {
            Failure::Error(error) => Ok(code(error)),
            Failure::Trap(error) => Err(error),
        }
    }

    fn filesystem_error_code(&mut self, error: Resource<IoError>) -> Result<Option<ErrorCode>> {
        Ok(Some(code(self.resources().table.get(&error)?.0)))
    }
}

impl types::HostDirectoryEntryStream for State {
    fn read_directory_entry(&mut self, stream: Resource<Listing>) -> Done<Option<DirectoryEntry>> {
        // It is taken out while the state is needed too.
        let mut listing = std::mem::take(self.resources().table.get_mut(&stream)?);
        let next = listing.next(self);
        *self.resources().table.get_mut(&stream)? = listing;
        let entry = |entry: files::Entry| DirectoryEntry {
            type_: descriptor_type(entry.file_type),
            name: entry.name,
        };
        next.map(|next| next.map(entry))
    }

    fn drop(&mut self, stream: Resource<Listing>) -> Result<()> {
        let listing = self.resources().table.delete(stream)?;
        host::close(self, listing.handle)
    }
}

impl types::HostDescriptor for State {
    fn read_via_stream(&mut self, file: Here, offset: u64) -> Done<Resource<InputStream>> {
        let handle = self.here(&file)?.file_for(mode::READ)?;
        let stream = InputStream::new(duplicate(self, handle)?, Some(offset));
        Ok(self.resources().table.push(stream)?)
    }

    fn write_via_stream(&mut self, file: Here, offset: u64) -> Done<Resource<OutputStream>> {
        let handle = self.here(&file)?.file_for(mode::WRITE)?;
        let stream = OutputStream::to_file(duplicate(self, handle)?, Some(offset));
        Ok(self.resources().table.push(stream)?)
    }

    fn append_via_stream(&mut self, file: Here) -> Done<Resource<OutputStream>> {
        let handle = self.here(&file)?.file_for(mode::WRITE)?;
        let stream = OutputStream::to_file(duplicate(self, handle)?, None);
        Ok(self.resources().table.push(stream)?)
    }

    fn advise(&mut self, file: Here, offset: u64, len: u64, advice: Advice) -> Done {
        let handle = self.here(&file)?.file()?;
        let advice = match advice {
            Advice::Normal => 0,
            Advice::Sequential => 1,
            Advice::Random => 2,
            Advice::WillNeed => 3,
            Advice::DontNeed => 4,
            Advice::NoReuse => 5,
        };
        let input = [offset.to_le_bytes(), len.to_le_bytes()].concat();
        ask(self, handle, Request::Advise, &input, advice).map(|_| ())
    }

    fn sync_data(&mut self, of: Here) -> Done {
        let handle = self.here(&of)?.handle;
        ask(self, handle, Request::Sync, &[], 1).map(|_| ())
    }

    fn get_flags(&mut self, of: Here) -> Done<DescriptorFlags> {
        let held = self.here(&of)?.mode;
        let flags = MODES.iter().filter(|(_, bit)| held & bit != 0);
        Ok(flags.fold(DescriptorFlags::empty(), |all, (flag, _)| all | *flag))
    }

    fn get_type(&mut self, of: Here) -> Done<DescriptorType> {
        let handle = self.here(&of)?.handle;
        files::stat(self, handle).map(|stat| descriptor_type(stat.file_type))
    }

    fn set_size(&mut self, file: Here, size: u64) -> Done {
        let handle = self.here(&file)?.file_for(mode::WRITE)?;
        ask(self, handle, Request::SetSize, &[], size).map(|_| ())
    }

    fn set_times(&mut self, of: Here, access: NewTimestamp, modification: NewTimestamp) -> Done {
        let here = self.here(&of)?;
        files::set_times(self, here, new_time(access)?, new_time(modification)?)
    }

    fn read(&mut self, file: Here, len: u64, offset: u64) -> Done<(Vec<u8>, bool)> {
        let handle = self.here(&file)?.file_for(mode::READ)?;
        let bytes = files::read_at(self, handle, len, Some(offset))?;
        let at_end = bytes.is_empty() && len > 0;
        Ok((bytes, at_end))
    }

    fn write(&mut self, file: Here, bytes: Vec<u8>, offset: u64) -> Done<u64> {
        let handle = self.here(&file)?.file_for(mode::WRITE)?;
        files::write_at(self, handle, &bytes, Some(offset)).map(|n| n as u64)
    }

    fn read_directory(&mut self, directory: Here) -> Done<Resource<Listing>> {
        let here = self.here(&directory)?;
        let listing = Listing::new(self, here)?;
        Ok(self.resources().table.push(listing)?)
    }

    fn sync(&mut self, of: Here) -> Done {
        let handle = self.here(&of)?.handle;
        ask(self, handle, Request::Sync, &[], 0).map(|_| ())
    }

    fn create_directory_at(&mut self, directory: Here, path: String) -> Done {
        let here = self.here(&directory)?;
        files::ask_path(self, here, Request::MakeDir, &path, 0)
    }

    fn stat(&mut self, of: Here) -> Done<DescriptorStat> {
        let handle = self.here(&of)?.handle;
        files::stat(self, handle).map(|stat| descriptor_stat(&stat))
    }

    fn stat_at(&mut self, directory: Here, flags: PathFlags, path: String) -> Done<DescriptorStat> {
        let here = self.here(&directory)?;
        files::stat_at(self, here, follows(flags), &path).map(|stat| descriptor_stat(&stat))
    }

    fn set_times_at(
        &mut self,
        directory: Here,
        flags: PathFlags,
        path: String,
        access: NewTimestamp,
        modification: NewTimestamp,
    ) -> Done {
        let here = self.here(&directory)?;
        let (access, modification) = (new_time(access)?, new_time(modification)?);
        files::set_times_at(self, here, follows(flags), &path, access, modification)
    }

    fn link_at(&mut self, from: Here, flags: PathFlags, old: String, to: Here, new: String) -> Done {
        let (from, to) = (self.here(&from)?, self.here(&to)?);
        files::link(self, follows(flags), (from, &old), (to, &new))
    }

    fn open_at(
        &mut self,
        directory: Here,
        flags: PathFlags,
        path: String,
        how: OpenFlags,
        wanted: DescriptorFlags,
    ) -> Done<Here> {
        let here = self.here(&directory)?;
        let how = HOWS.iter().filter(|(flag, _)| how.contains(*flag)).fold(0, |all, (_, bit)| all | bit);
        let mode = MODES.iter().filter(|(flag, _)| wanted.contains(*flag)).fold(0, |all, (_, bit)| all | bit);
        let opened = files::open_at(self, here, follows(flags), &path, how, mode)?;
        Ok(self.resources().table.push(opened)?)
    }

    fn readlink_at(&mut self, directory: Here, path: String) -> Done<String> {
        let here = self.here(&directory)?;
        files::read_link(self, here, &path)
    }

    fn remove_directory_at(&mut self, directory: Here, path: String) -> Done {
        let here = self.here(&directory)?;
        files::remove(self, here, &path, true)
    }

    fn rename_at(&mut self, from: Here, old: String, to: Here, new: String) -> Done {
        let (from, to) = (self.here(&from)?, self.here(&to)?);
        files::ask_paths(self, Request::Rename, (from, &old), (to, &new))
    }

    fn symlink_at(&mut self, directory: Here, target: String, path: String) -> Done {
        let here = self.here(&directory)?;
        files::symlink(self, here, &target, &path)
    }

    fn unlink_file_at(&mut self, directory: Here, path: String) -> Done {
        let here = self.here(&directory)?;
        files::remove(self, here, &path, false)
    }

    fn is_same_object(&mut self, a: Here, b: Here) -> Result<bool> {
        let same = |state: &mut State| {
            let (a, b) = (state.here(&a)?, state.here(&b)?);
            files::is_same(state, a, b)
        };
        must("the program compared two descriptors", same(self))
    }

    fn metadata_hash(&mut self, of: Here) -> Done<MetadataHashValue> {
        let handle = self.here(&of)?.handle;
        let (lower, upper) = files::hash(&files::stat(self, handle)?);
        Ok(MetadataHashValue { lower, upper })
    }

    fn metadata_hash_at(
        &mut self,
        directory: Here,
        flags: PathFlags,
        path: String,
    ) -> Done<MetadataHashValue> {
        let here = self.here(&directory)?;
        let (lower, upper) = files::hash(&files::stat_at(self, here, follows(flags), &path)?);
        Ok(MetadataHashValue { lower, upper })
    }

    fn drop(&mut self, descriptor: Here) -> Result<()> {
        let descriptor = self.resources().table.delete(descriptor)?;
        host::close(self, descriptor.handle)
    }
}
