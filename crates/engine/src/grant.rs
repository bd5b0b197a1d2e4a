//! Grants: what a context may get, said by the one who starts it; they become the handles of its initial vector.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use b8g_core::abi::Role;
use b8g_core::{Error, Rights};
use b8g_image::{Want, WantedAccess};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use thiserror::Error as ThisError;

use crate::object::Object;
use crate::object::address::Pattern;
use crate::object::clock::{Clock, Time};
use crate::object::directory::Directory;
use crate::object::environment::Environment;
use crate::object::files::{Files, Root};
use crate::object::guest_path::GuestPath;
use crate::object::keys::{KEYS_RIGHTS, Keys};
use crate::object::network::Network;
use crate::object::random::Random;
use crate::object::stream::{Input, Output, process_stream};
use crate::outcome::Access;
use crate::state::State;
use crate::{Stdin, Stdout};

/// One thing that a context may get.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Grant {
    /// Reading or writing a file or directory of the host, under the name that is written here.
    Path {
        /// As the guest will write it, relative to this process's working directory.
        path: PathBuf,
        /// [`Access::Read`] or [`Access::Write`].
        access: Access,
    },
    /// Reading or writing everything.
    AllPaths(Access),
    /// A directory of the host under another name.
    Directory {
        /// On the host.
        host: PathBuf,
        /// For the guest.
        guest: String,
        /// Whether it may be written too.
        write: bool,
    },
    /// Connecting to `HOST` or `HOST:PORT`, and sending datagrams there; an address of version 6 with a port stands in
    /// brackets, a range of addresses is written as `10.0.0.0/8`, and `*` is any host.
    Net(String),
    /// Connecting to anything.
    AllNet,
    /// Listening for connections and datagrams at `ADDRESS` or `ADDRESS:PORT`, and binding there. Port 0 is any that is
    /// free; the address is one of this machine, `localhost`, or `*` for any.
    Listen(String),
    /// Listening anywhere.
    AllListen,
    /// An environment value; `None`: the name may be asked for and has no value.
    Environment(String, Option<String>),
    /// All environment values of this process.
    AllEnvironment,
}

/// Why a grant cannot be given.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum GrantError {
    /// The path is not there or cannot be opened.
    #[error("cannot grant {access} access to {path}: {source}", access = access.name(), path = path.display())]
    Path {
        /// What was to be granted.
        path: PathBuf,
        /// For what.
        access: Access,
        /// What the system said.
        source: std::io::Error,
    },
    /// The path is no path: empty, too long or with a NUL byte.
    #[error("cannot grant access to {0:?}: that is not a path")]
    NoPath(PathBuf),
    /// What is to be trusted is no certificate.
    #[error("cannot trust these certificates: {0}")]
    Certificate(String),
    /// The address is neither `HOST` nor `HOST:PORT`.
    #[error(
        "cannot grant connections to {0:?}: write HOST or HOST:PORT, for example example.com:443 or [::1]:8080"
    )]
    Address(String),
    /// The address to listen at is neither `ADDRESS` nor `ADDRESS:PORT`.
    #[error(
        "cannot grant listening at {0:?}: write ADDRESS or ADDRESS:PORT, for example 127.0.0.1:8080, localhost:0 or *:8080"
    )]
    ListenAddress(String),
}

/// All that a context may get. Cheap to clone; one set serves many contexts.
///
/// ```
/// use b8g::Grants;
/// let grants = Grants::none().clocks().randomness().read(".")?.arguments(["--verbose"]);
/// assert_eq!(grants.count(), 1, "clocks, randomness and arguments are not counted");
/// # Ok::<(), b8g::GrantError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Grants(Arc<Set>);

#[derive(Clone, Debug, Default)]
struct Set {
    grants: Vec<Grant>,
    files: Arc<Files>,
    network: Arc<Network>,
    environment: Arc<Environment>,
    /// Each followed by a NUL.
    arguments: Arc<[u8]>,
    stdin: Option<Stdin>,
    stdout: Option<Stdout>,
    stderr: Option<Stdout>,
    clocks: bool,
    compute: bool,
    compiler: bool,
    keys: bool,
    randomness: bool,
    seed: Option<u64>,
    hash_seed: Option<u64>,
    /// For a task, which gets nothing else: what it was given.
    handed: Option<Handed>,
}

/// What a task is given by who starts it.
#[derive(Clone, Debug)]
struct Handed {
    objects: Vec<(Role, Object, Rights)>,
    /// How many grants are counted in its tree.
    grants: usize,
}

impl Grants {
    fn change(&mut self) -> &mut Set {
        Arc::make_mut(&mut self.0)
    }

    /// Nothing at all: no clock, no randomness, no output.
    pub fn none() -> Grants {
        Grants::default()
    }

    /// Counts the grants of files, connections and environment values: the entries of
    /// [`Usage::grants_used`](crate::Usage::grants_used).
    pub fn count(&self) -> usize {
        self.0.handed.as_ref().map_or(self.0.grants.len(), |handed| handed.grants)
    }

    /// What a task gets from the context that starts it, which is that of `above`.
    pub(crate) fn handed(objects: Vec<(Role, Object, Rights)>, above: &State) -> Grants {
        let mut grants = Grants::none();
        let set = grants.change();
        for (role, object, _) in &objects {
            match (role, object) {
                (Role::Files, Object::Files(files)) => set.files = files.clone(),
                (Role::Net, Object::Network(network)) => set.network = network.clone(),
                (Role::Env, Object::Environment(environment)) => set.environment = environment.clone(),
                _ => {}
            }
        }
        set.hash_seed = above.hash_seed;
        set.handed = Some(Handed { objects, grants: above.monitor.grants() });
        grants
    }

    /// Lists those grants, in the order in which they were given.
    pub fn list(&self) -> &[Grant] {
        &self.0.grants
    }

    /// Adds a grant.
    ///
    /// # Errors
    /// [`GrantError`] when there is no such thing to grant.
    pub fn add(&mut self, grant: Grant) -> Result<(), GrantError> {
        let number = self.0.grants.len() as u32;
        self.open(&grant, number)?;
        self.change().grants.push(grant);
        Ok(())
    }

    fn open(&mut self, grant: &Grant, number: u32) -> Result<(), GrantError> {
        match grant {
            Grant::Path { path, access } => self.open_path(path, *access, number)?,
            Grant::AllPaths(access) => self.open_all(*access, number)?,
            Grant::Directory { host, guest, write } => {
                let rights = if *write { Rights::READ.union(Rights::WRITE) } else { Rights::READ };
                let guest_path = guest_path(Path::new(guest))?;
                let failed = |source| GrantError::Path { path: host.clone(), access: Access::Read, source };
                let dir = Dir::open_ambient_dir(host, ambient_authority()).map_err(failed)?;
                let host = host.canonicalize().map_err(failed)?;
                let (dir, grants) = (Arc::new(dir), vec![(rights, number)]);
                self.add_root(Root {
                    guest: guest_path,
                    absolute: Vec::new(),
                    host,
                    dir,
                    only: None,
                    grants,
                });
            }
            Grant::Net(address) => {
                let what = Pattern::parse(address).ok_or_else(|| GrantError::Address(address.clone()))?;
                self.change_network().grant(what, number);
            }
            Grant::AllNet => self.change_network().grant(Pattern::ANY, number),
            Grant::Listen(address) => {
                let failed = || GrantError::ListenAddress(address.clone());
                let what = Pattern::parse(address).ok_or_else(failed)?;
                self.change_network().grant_listening(&what, number).map_err(|_| failed())?;
            }
            Grant::AllListen => {
                let failed = |_| GrantError::ListenAddress("*".to_owned());
                self.change_network().grant_listening(&Pattern::ANY, number).map_err(failed)?;
            }
            Grant::Environment(name, value) => {
                self.change_environment().grant(name, value.as_deref(), number);
            }
            Grant::AllEnvironment => {
                let environment = self.change_environment();
                environment.all = true;
                for (name, value) in std::env::vars_os() {
                    if let (Some(name), Some(value)) = (name.to_str(), value.to_str()) {
                        environment.grant(name, Some(value), number);
                    }
                }
            }
        }
        Ok(())
    }

    /// Grants a path as the user wrote it: a directory, a file, or a name that is not there yet.
    fn open_path(&mut self, path: &Path, access: Access, number: u32) -> Result<(), GrantError> {
        let guest = guest_path(path)?;
        let failed = |source| GrantError::Path { path: path.to_owned(), access, source };
        let grants = vec![(crate::object::files::right_of(access), number)];
        let open = |dir: &Path| Dir::open_ambient_dir(dir, ambient_authority()).map_err(failed);
        let (host, directory, only) = match path.canonicalize() {
            Ok(host) if host.is_dir() => (host.clone(), host, None),
            Ok(host) => match (host.parent(), host.file_name()) {
                (Some(parent), Some(name)) => (host.clone(), parent.to_owned(), Some(PathBuf::from(name))),
                _ => return Err(GrantError::NoPath(path.to_owned())),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let name = path.file_name().ok_or_else(|| GrantError::NoPath(path.to_owned()))?;
                let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let parent = parent.canonicalize().map_err(failed)?;
                (parent.join(name), parent, Some(PathBuf::from(name)))
            }
            Err(error) => return Err(failed(error)),
        };
        let dir = Arc::new(open(&directory)?);
        let written = std::path::absolute(path).ok();
        let absolute = written.iter().chain([&host]).filter_map(|name| guest_path(name).ok()).collect();
        self.add_root(Root { guest, absolute, host, dir, only, grants });
        if self.0.files.here.is_none() {
            self.change_files().here = std::env::current_dir().ok().and_then(|dir| guest_path(&dir).ok());
        }
        Ok(())
    }

    fn open_all(&mut self, access: Access, number: u32) -> Result<(), GrantError> {
        self.open_path(Path::new("/"), access, number)?;
        self.open_path(Path::new("."), access, number)?;
        let current = std::env::current_dir().ok().and_then(|dir| guest_path(&dir).ok());
        self.change_files().current = current;
        Ok(())
    }

    fn add_root(&mut self, root: Root) {
        self.change_files().add(root);
    }

    fn change_files(&mut self) -> &mut Files {
        Arc::make_mut(&mut self.change().files)
    }

    fn change_network(&mut self) -> &mut Network {
        Arc::make_mut(&mut self.change().network)
    }

    fn change_environment(&mut self) -> &mut Environment {
        Arc::make_mut(&mut self.change().environment)
    }

    /// Grants reading a file or directory, under the name that is written here.
    ///
    /// # Errors
    /// [`GrantError`] when it cannot be opened.
    pub fn read(self, path: impl Into<PathBuf>) -> Result<Grants, GrantError> {
        self.with(Grant::Path { path: path.into(), access: Access::Read })
    }

    /// Grants writing a file or directory, under the name that is written here.
    ///
    /// # Errors
    /// [`GrantError`] when it cannot be opened.
    pub fn write(self, path: impl Into<PathBuf>) -> Result<Grants, GrantError> {
        self.with(Grant::Path { path: path.into(), access: Access::Write })
    }

    /// Grants a directory under another name.
    ///
    /// # Errors
    /// [`GrantError`] when it cannot be opened.
    pub fn directory(
        self,
        host: impl Into<PathBuf>,
        guest: impl Into<String>,
        write: bool,
    ) -> Result<Grants, GrantError> {
        self.with(Grant::Directory { host: host.into(), guest: guest.into(), write })
    }

    /// Grants connections to `HOST` or `HOST:PORT`.
    ///
    /// # Errors
    /// [`GrantError::Address`] when it is neither.
    pub fn net(self, address: impl Into<String>) -> Result<Grants, GrantError> {
        self.with(Grant::Net(address.into()))
    }

    /// Grants listening for connections and datagrams at `ADDRESS` or `ADDRESS:PORT`, port 0 being any that is free.
    ///
    /// # Errors
    /// [`GrantError::ListenAddress`] when it is neither.
    pub fn listen(self, address: impl Into<String>) -> Result<Grants, GrantError> {
        self.with(Grant::Listen(address.into()))
    }

    /// Adds a grant and gives the set back.
    ///
    /// # Errors
    /// [`GrantError`] when there is no such thing to grant.
    pub fn with(mut self, grant: Grant) -> Result<Grants, GrantError> {
        self.add(grant)?;
        Ok(self)
    }

    /// Grants an environment value; `None`: the name may be asked for and has no value.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>, value: Option<&str>) -> Grants {
        let (name, number) = (name.into(), self.0.grants.len() as u32);
        self.change_environment().grant(&name, value, number);
        self.change().grants.push(Grant::Environment(name, value.map(str::to_owned)));
        self
    }

    /// Lets connections with TLS trust the certificates in `pem` too, beside the authorities that the system knows. Grants no
    /// connection.
    ///
    /// # Errors
    /// [`GrantError::Certificate`] when it holds no certificate that can be used.
    pub fn trust(mut self, pem: &[u8]) -> Result<Grants, GrantError> {
        let added = self.change_network().add_trust(pem);
        added.map_err(|error| GrantError::Certificate(error.to_string()))?;
        Ok(self)
    }

    /// Grants the clocks.
    #[must_use]
    pub fn clocks(mut self) -> Grants {
        self.change().clocks = true;
        self
    }

    /// Grants cryptography and compression: work on bytes of its own, which touches nothing else and counts as its time.
    #[must_use]
    pub fn compute(mut self) -> Grants {
        self.change().compute = true;
        self
    }

    /// Lets it compile components and start them as tasks of its own, which hold what it gives them of what it has.
    #[must_use]
    pub fn tasks(mut self) -> Grants {
        self.change().compiler = true;
        self
    }

    /// Lets it mint keys, and link with contexts of the same engine that hold the same key.
    #[must_use]
    pub fn keys(mut self) -> Grants {
        self.change().keys = true;
        self
    }

    /// Grants randomness.
    #[must_use]
    pub fn randomness(mut self) -> Grants {
        self.change().randomness = true;
        self
    }

    /// Grants clocks and randomness that this number determines: the same in every run.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Grants {
        let set = self.change();
        (set.clocks, set.randomness, set.seed, set.hash_seed) = (true, true, Some(seed), Some(seed));
        self
    }

    /// Lets this number determine how hash tables are laid out, which nothing else tells: two images of one program are
    /// the same bytes then. Grants nothing.
    #[must_use]
    pub fn hash_seed(mut self, seed: u64) -> Grants {
        self.change().hash_seed = Some(seed);
        self
    }

    /// Grants arguments; NUL bytes in them are left out. For WASI programs the first is the program's name.
    #[must_use]
    pub fn arguments<A: AsRef<str>>(mut self, arguments: impl IntoIterator<Item = A>) -> Grants {
        let mut bytes = Vec::new();
        for argument in arguments {
            bytes.extend(argument.as_ref().bytes().filter(|b| *b != 0));
            bytes.push(0);
        }
        self.change().arguments = bytes.into();
        self
    }

    /// Grants standard input.
    #[must_use]
    pub fn stdin(mut self, stdin: Stdin) -> Grants {
        self.change().stdin = Some(stdin);
        self
    }

    /// Grants standard output.
    #[must_use]
    pub fn stdout(mut self, stdout: Stdout) -> Grants {
        self.change().stdout = Some(stdout);
        self
    }

    /// Grants standard error.
    #[must_use]
    pub fn stderr(mut self, stderr: Stdout) -> Grants {
        self.change().stderr = Some(stderr);
        self
    }

    /// The time of a new context.
    pub(crate) fn time(&self, start: std::time::Instant) -> Time {
        match self.0.seed {
            Some(_) => Time::Seeded(Arc::default()),
            None => Time::System(start),
        }
    }

    /// Those of `wants` that are not granted.
    pub fn missing(&self, wants: &[Want]) -> Vec<Want> {
        let granted = |want: &&Want| match want.access {
            WantedAccess::Read => self.0.files.covers(want.target.as_bytes(), Access::Read),
            WantedAccess::Write => self.0.files.covers(want.target.as_bytes(), Access::Write),
            WantedAccess::Net => self.0.network.covers(&want.target),
            WantedAccess::Env => self.0.environment.covers(&want.target),
        };
        wants.iter().filter(|want| !granted(want)).cloned().collect()
    }

    /// What determines the layout of hash tables, if something does.
    pub(crate) fn hash_seed_number(&self) -> Option<u64> {
        self.0.hash_seed
    }

    /// Whose certificates are trusted: by connections, and by sessions of TLS, which need no connection.
    pub(crate) fn trusted(&self) -> Arc<b8g_http::Trust> {
        self.0.network.trust().clone()
    }

    /// Puts what is granted into a new context's table.
    pub(crate) fn give(&self, state: &mut State) -> Result<(), Error> {
        if let Some(handed) = &self.0.handed {
            for (role, object, rights) in &handed.objects {
                state.give(*role, object.clone(), *rights)?;
            }
            // As below: what is refused is noticed.
            let empty = [
                (Role::Files, Object::Files(self.0.files.clone())),
                (Role::Net, Object::Network(self.0.network.clone())),
                (Role::Env, Object::Environment(self.0.environment.clone())),
            ];
            for (role, object) in empty {
                if state.given(role).is_none() {
                    state.give(role, object, Rights::READ.union(Rights::WRITE).union(Rights::INSPECT))?;
                }
            }
            return Ok(());
        }
        let shared = Rights::DUPLICATE.union(Rights::TRANSFER).union(Rights::WAIT).union(Rights::INSPECT);
        let (read, write) = (shared.union(Rights::READ), shared.union(Rights::WRITE));
        let both = read.union(write);
        state.give(Role::Args, Object::Blob(self.0.arguments.clone()), read)?;
        if let Some(stdin) = &self.0.stdin {
            state.give(Role::Stdin, Object::Input(Arc::new(Input::new(stdin))), read)?;
        }
        let process = [process_stream(1), process_stream(2)];
        for (role, output, process) in
            [(Role::Stdout, &self.0.stdout, process[0]), (Role::Stderr, &self.0.stderr, process[1])]
        {
            if let Some(output) = output {
                state.give(role, Object::Output(Arc::new(Output::new(output, process))), write)?;
            }
        }
        // The name spaces are there even when they are empty, so that what is refused is noticed.
        state.give(Role::Files, Object::Files(self.0.files.clone()), both)?;
        state.give(Role::Net, Object::Network(self.0.network.clone()), both)?;
        state.give(Role::Env, Object::Environment(self.0.environment.clone()), read)?;
        if self.0.clocks {
            let time = state.time.clone();
            state.give(Role::ClockReal, Object::Clock(Clock::Real(time.clone())), read)?;
            state.give(Role::ClockMono, Object::Clock(Clock::Monotonic(time)), read)?;
        }
        if self.0.keys {
            let keys = Keys::new(state.engine.links().map_err(|_| Error::Io)?);
            state.give(Role::Keys, Object::Keys(Arc::new(keys)), KEYS_RIGHTS)?;
        }
        if self.0.compiler {
            let rights = Rights::DUPLICATE.union(Rights::TRANSFER).union(Rights::EXECUTE);
            state.give(Role::Compiler, Object::Compiler, rights)?;
        }
        if self.0.compute {
            let rights =
                Rights::DUPLICATE.union(Rights::TRANSFER).union(Rights::EXECUTE).union(Rights::INSPECT);
            state.give(Role::Compute, Object::Compute, rights)?;
        }
        if self.0.randomness {
            let random = self.0.seed.map_or(Random::System, Random::seeded);
            state.give(Role::Random, Object::Random(random), read)?;
        }
        Ok(())
    }

    /// Puts the preopened directories into a new context's table, for programs that want such.
    pub(crate) fn give_preopens(&self, state: &mut State) -> Result<Vec<(b8g_core::Handle, Vec<u8>)>, Error> {
        let shared = Rights::DUPLICATE.union(Rights::TRANSFER).union(Rights::INSPECT).union(Rights::MANAGE);
        let mut given = Vec::new();
        // A task's directories allow no more than the handle of its files does.
        let files = state.given(Role::Files).and_then(|files| state.table.get(files).ok());
        let held = files.map_or(Rights::NONE, |(_, rights)| rights);
        for (base, rights) in self.0.files.preopens() {
            let rights = rights.intersect(held);
            let name = base.to_bytes();
            let view = Directory::View { files: self.0.files.clone(), base };
            let object = Object::Directory(Arc::new(view));
            given.push((state.give(Role::Preopen, object, shared.union(rights))?, name));
        }
        Ok(given)
    }
}

fn guest_path(path: &Path) -> Result<GuestPath, GrantError> {
    use std::os::unix::ffi::OsStrExt;
    GuestPath::parse(path.as_os_str().as_bytes()).map_err(|_| GrantError::NoPath(path.to_owned()))
}
