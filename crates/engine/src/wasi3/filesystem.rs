//! `wasi:filesystem`: descriptors over handles. Files are always ready, so nothing here waits.

use b8g_core::Error;
use b8g_core::abi::{FileType, Request, Stat, open};
use std::pin::Pin;
use std::task::{Context, Poll};
use wasmtime::component::{
    Access, Accessor, Destination, FutureReader, Resource, StreamProducer, StreamReader, StreamResult,
    VecBuffer,
};
use wasmtime::{AsContextMut, Result, StoreContextMut};

use super::Host;
use super::bindings::wasi::clocks::system_clock::Instant;
use super::bindings::wasi::filesystem::{preopens, types};
use super::clocks::instant;
use super::pipe::{self, End, Held, Place};
use super::told::{Teller, told};
use crate::model::errors::filesystem_code;
use crate::model::files::{self, Descriptor, Listing, NewTime, mode};
use crate::model::host::{self, Done, Failure, ask, duplicate, must};
use crate::state::State;

use types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode, MetadataHashValue,
    NewTimestamp, OpenFlags, PathFlags,
};

type Here = Resource<Descriptor>;

/// Entries of a directory that are handed on at a time.
const ENTRIES_MAX: usize = 64;

fn code(error: Error) -> ErrorCode {
    filesystem_code!(ErrorCode, error)
}

fn descriptor_type(file_type: FileType) -> DescriptorType {
    match file_type {
        FileType::Unknown => DescriptorType::Other(None),
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
        data_access_timestamp: Some(instant(stat.atime_ns)),
        data_modification_timestamp: Some(instant(stat.mtime_ns)),
        status_change_timestamp: Some(instant(stat.ctime_ns)),
    }
}

fn new_time(time: NewTimestamp) -> Done<NewTime> {
    Ok(match time {
        NewTimestamp::NoChange => NewTime::Keep,
        NewTimestamp::Now => NewTime::Now,
        NewTimestamp::Timestamp(Instant { seconds, nanoseconds }) => {
            let seconds = u64::try_from(seconds).ok();
            let ns = seconds.and_then(|s| s.checked_mul(1_000_000_000)?.checked_add(u64::from(nanoseconds)));
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

fn here(state: &mut State, descriptor: &Here) -> Done<Descriptor> {
    Ok(*state.resources().table.get(descriptor)?)
}

/// Lets `act` have the state and a descriptor.
fn with<T>(
    accessor: &Accessor<State, Host>,
    descriptor: &Here,
    act: impl FnOnce(&mut State, Descriptor) -> Done<T>,
) -> Done<T> {
    accessor.with(|mut access| {
        let state = access.get();
        let here = here(state, descriptor)?;
        act(state, here)
    })
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
}

impl types::HostDescriptor for State {
    fn drop(&mut self, descriptor: Here) -> Result<()> {
        let descriptor = self.resources().table.delete(descriptor)?;
        host::close(self, descriptor.handle)
    }
}

/// A handle of its own for a stream of a file.
fn held(access: &mut Access<'_, State, Host>, file: &Here, wanted: u32) -> Done<Held> {
    let state = access.get();
    let handle = here(state, file)?.file_for(wanted)?;
    let handle = duplicate(state, handle)?;
    Ok(Held::owned(state, handle))
}

fn write(
    mut access: Access<'_, State, Host>,
    file: &Here,
    data: StreamReader<u8>,
    place: Place,
) -> Result<FutureReader<std::result::Result<(), ErrorCode>>> {
    match held(&mut access, file, mode::WRITE) {
        Ok(held) => pipe::writer(access, data, held, place, code),
        Err(Failure::Error(error)) => pipe::no_writer(access, data, code(error)),
        Err(Failure::Trap(error)) => Err(error),
    }
}

/// Hands the entries of a directory on.
struct Entries {
    listing: Listing,
    /// Closes the listing's handle.
    _held: Held,
    teller: Teller<ErrorCode>,
}

impl StreamProducer<State> for Entries {
    type Item = DirectoryEntry;
    type Buffer = VecBuffer<DirectoryEntry>;

    fn poll_produce<'a>(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        mut store: StoreContextMut<'a, State>,
        mut destination: Destination<'a, DirectoryEntry, VecBuffer<DirectoryEntry>>,
        _: bool,
    ) -> Poll<Result<StreamResult>> {
        let entries = self.get_mut();
        let room = destination.remaining(store.as_context_mut()).unwrap_or(ENTRIES_MAX).min(ENTRIES_MAX);
        if room == 0 {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        let mut found = Vec::new();
        let mut result = StreamResult::Completed;
        while found.len() < room {
            match entries.listing.next(store.data_mut()) {
                Ok(Some(entry)) => {
                    found.push(DirectoryEntry { type_: descriptor_type(entry.file_type), name: entry.name })
                }
                Ok(None) => {
                    result = StreamResult::Dropped;
                    break;
                }
                Err(Failure::Error(error)) => {
                    entries.teller.tell(Err(code(error)));
                    result = StreamResult::Dropped;
                    break;
                }
                Err(Failure::Trap(error)) => return Poll::Ready(Err(error)),
            }
        }
        destination.set_buffer(found.into());
        Poll::Ready(Ok(result))
    }
}

impl types::HostDescriptorWithStore<State> for Host {
    fn read_via_stream(
        mut access: Access<'_, State, Self>,
        file: Here,
        offset: u64,
    ) -> Result<(StreamReader<u8>, End<ErrorCode>)> {
        match held(&mut access, &file, mode::READ) {
            Ok(held) => pipe::reader(access, held, Some(offset), code),
            Err(Failure::Error(error)) => pipe::no_reader(access, Err(code(error))),
            Err(Failure::Trap(error)) => Err(error),
        }
    }

    fn write_via_stream(
        access: Access<'_, State, Self>,
        file: Here,
        data: StreamReader<u8>,
        offset: u64,
    ) -> Result<End<ErrorCode>> {
        write(access, &file, data, Place::At(offset))
    }

    fn append_via_stream(
        access: Access<'_, State, Self>,
        file: Here,
        data: StreamReader<u8>,
    ) -> Result<End<ErrorCode>> {
        write(access, &file, data, Place::End)
    }

    fn read_directory(
        mut access: Access<'_, State, Self>,
        directory: Here,
    ) -> Result<(StreamReader<DirectoryEntry>, End<ErrorCode>)> {
        let state = access.get();
        match here(state, &directory).and_then(|here| Listing::new(state, here)) {
            Ok(listing) => {
                let held = Held::owned(state, listing.handle);
                let (teller, told) = told();
                let stream = StreamReader::new(&mut access, Entries { listing, _held: held, teller })?;
                Ok((stream, FutureReader::new(&mut access, told)?))
            }
            Err(Failure::Error(error)) => pipe::no_reader(access, Err(code(error))),
            Err(Failure::Trap(error)) => Err(error),
        }
    }

    async fn advise(
        accessor: &Accessor<State, Self>,
        file: Here,
        offset: u64,
        len: u64,
        advice: Advice,
    ) -> Done {
        let advice = match advice {
            Advice::Normal => 0,
            Advice::Sequential => 1,
            Advice::Random => 2,
            Advice::WillNeed => 3,
            Advice::DontNeed => 4,
            Advice::NoReuse => 5,
        };
        let input = [offset.to_le_bytes(), len.to_le_bytes()].concat();
        with(accessor, &file, |state, here| {
            ask(state, here.file()?, Request::Advise, &input, advice).map(|_| ())
        })
    }

    async fn sync_data(accessor: &Accessor<State, Self>, of: Here) -> Done {
        with(accessor, &of, |state, here| ask(state, here.handle, Request::Sync, &[], 1).map(|_| ()))
    }

    async fn get_flags(accessor: &Accessor<State, Self>, of: Here) -> Done<DescriptorFlags> {
        with(accessor, &of, |_, here| {
            let flags = MODES.iter().filter(|(_, bit)| here.mode & bit != 0);
            Ok(flags.fold(DescriptorFlags::empty(), |all, (flag, _)| all | *flag))
        })
    }

    async fn get_type(accessor: &Accessor<State, Self>, of: Here) -> Done<DescriptorType> {
        with(accessor, &of, |state, here| {
            files::stat(state, here.handle).map(|stat| descriptor_type(stat.file_type))
        })
    }

    async fn set_size(accessor: &Accessor<State, Self>, file: Here, size: u64) -> Done {
        with(accessor, &file, |state, here| {
            ask(state, here.file_for(mode::WRITE)?, Request::SetSize, &[], size).map(|_| ())
        })
    }

    async fn set_times(
        accessor: &Accessor<State, Self>,
        of: Here,
        access: NewTimestamp,
        modification: NewTimestamp,
    ) -> Done {
        with(accessor, &of, |state, here| {
            files::set_times(state, here, new_time(access)?, new_time(modification)?)
        })
    }

    async fn sync(accessor: &Accessor<State, Self>, of: Here) -> Done {
        with(accessor, &of, |state, here| ask(state, here.handle, Request::Sync, &[], 0).map(|_| ()))
    }

    async fn create_directory_at(accessor: &Accessor<State, Self>, directory: Here, path: String) -> Done {
        with(accessor, &directory, |state, here| files::ask_path(state, here, Request::MakeDir, &path, 0))
    }

    async fn stat(accessor: &Accessor<State, Self>, of: Here) -> Done<DescriptorStat> {
        with(accessor, &of, |state, here| files::stat(state, here.handle).map(|stat| descriptor_stat(&stat)))
    }

    async fn stat_at(
        accessor: &Accessor<State, Self>,
        directory: Here,
        flags: PathFlags,
        path: String,
    ) -> Done<DescriptorStat> {
        with(accessor, &directory, |state, here| {
            files::stat_at(state, here, follows(flags), &path).map(|stat| descriptor_stat(&stat))
        })
    }

    async fn set_times_at(
        accessor: &Accessor<State, Self>,
        directory: Here,
        flags: PathFlags,
        path: String,
        access: NewTimestamp,
        modification: NewTimestamp,
    ) -> Done {
        with(accessor, &directory, |state, here| {
            let (access, modification) = (new_time(access)?, new_time(modification)?);
            files::set_times_at(state, here, follows(flags), &path, access, modification)
        })
    }

    async fn link_at(
        accessor: &Accessor<State, Self>,
        from: Here,
        flags: PathFlags,
        old: String,
        to: Here,
        new: String,
    ) -> Done {
        with(accessor, &from, |state, from| {
            let to = here(state, &to)?;
            files::link(state, follows(flags), (from, &old), (to, &new))
        })
    }

    async fn open_at(
        accessor: &Accessor<State, Self>,
        directory: Here,
        flags: PathFlags,
        path: String,
        how: OpenFlags,
        wanted: DescriptorFlags,
    ) -> Done<Here> {
        let how = HOWS.iter().filter(|(flag, _)| how.contains(*flag)).fold(0, |all, (_, bit)| all | bit);
        let mode = MODES.iter().filter(|(flag, _)| wanted.contains(*flag)).fold(0, |all, (_, bit)| all | bit);
        with(accessor, &directory, |state, here| {
            let opened = files::open_at(state, here, follows(flags), &path, how, mode)?;
            Ok(state.resources().table.push(opened)?)
        })
    }

    async fn readlink_at(accessor: &Accessor<State, Self>, directory: Here, path: String) -> Done<String> {
        with(accessor, &directory, |state, here| files::read_link(state, here, &path))
    }

    async fn remove_directory_at(accessor: &Accessor<State, Self>, directory: Here, path: String) -> Done {
        with(accessor, &directory, |state, here| files::remove(state, here, &path, true))
    }

    async fn rename_at(
        accessor: &Accessor<State, Self>,
        from: Here,
        old: String,
        to: Here,
        new: String,
    ) -> Done {
        with(accessor, &from, |state, from| {
            let to = here(state, &to)?;
            files::ask_paths(state, Request::Rename, (from, &old), (to, &new))
        })
    }

    async fn symlink_at(
        accessor: &Accessor<State, Self>,
        directory: Here,
        target: String,
        path: String,
    ) -> Done {
        with(accessor, &directory, |state, here| files::symlink(state, here, &target, &path))
    }

    async fn unlink_file_at(accessor: &Accessor<State, Self>, directory: Here, path: String) -> Done {
        with(accessor, &directory, |state, here| files::remove(state, here, &path, false))
    }

    async fn is_same_object(accessor: &Accessor<State, Self>, a: Here, b: Here) -> Result<bool> {
        let same = with(accessor, &a, |state, a| {
            let b = here(state, &b)?;
            files::is_same(state, a, b)
        });
        must("the program compared two descriptors", same)
    }

    async fn metadata_hash(accessor: &Accessor<State, Self>, of: Here) -> Done<MetadataHashValue> {
        with(accessor, &of, |state, here| {
            let (lower, upper) = files::hash(&files::stat(state, here.handle)?);
            Ok(MetadataHashValue { lower, upper })
        })
    }

    async fn metadata_hash_at(
        accessor: &Accessor<State, Self>,
        directory: Here,
        flags: PathFlags,
        path: String,
    ) -> Done<MetadataHashValue> {
        with(accessor, &directory, |state, here| {
            let (lower, upper) = files::hash(&files::stat_at(state, here, follows(flags), &path)?);
            Ok(MetadataHashValue { lower, upper })
        })
    }
}
