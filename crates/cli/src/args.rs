//! The command line as data: help, errors and completions are all made from these declarations.
//!
//! Invariant: `docs/cli.md` lists exactly these flags; a test here compares them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use crate::units::{SizeBound, parse_duration, parse_size, parse_size_or_none};

/// What `--allow-read` without a value is given as: no argument of a process can hold a NUL byte.
pub const EVERYTHING: &str = "\0";

/// Runs untrusted JavaScript, TypeScript and wasm that hold nothing but what they were granted.
#[derive(Debug, Parser)]
#[command(name = "b8g", version, after_help = EXAMPLES, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads a command line. Servers are told their flags behind the program too: it has hardly any arguments of its own, and those
    /// come behind `--`.
    pub fn read(line: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
        let serve =
            |command: clap::Command| command.mut_arg("command", |program| program.trailing_var_arg(false));
        let program = |command: clap::Command| {
            command.mut_arg("command", |program| program.required_unless_present("module"))
        };
        let mut command = Cli::command().mut_subcommand("serve-http", serve);
        // All but `repl`, which may begin with nothing.
        for name in ["run", "watch", "serve-http", "snapshot", "resume"] {
            command = command.mut_subcommand(name, program);
        }
        let mut line: Vec<OsString> = line.into_iter().collect();
        if let Some(at) = behind_module(&line, &command) {
            line.insert(at, "--".into());
        }
        let matches = command.try_get_matches_from(line)?;
        Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut Cli::command()))
    }
}

/// Where the arguments of a module begin, which `-m MODULE` names before any program: all of them are its own, flags too.
fn behind_module(line: &[OsString], command: &clap::Command) -> Option<usize> {
    let command = command.find_subcommand(line.get(1)?)?;
    let module = command.get_arguments().find(|argument| argument.get_id() == "module")?;
    let mut at = 2;
    loop {
        let word = line.get(at)?.to_str().filter(|word| word.starts_with('-') && !word.starts_with("--="))?;
        let flag = match word.strip_prefix("--") {
            Some("") => return None,
            Some(long) => {
                let long = long.split('=').next().unwrap_or_default();
                command.get_arguments().find(|argument| argument.get_long() == Some(long))
            }
            None => {
                let short = word.chars().nth(1);
                command.get_arguments().find(|argument| argument.get_short() == short)
            }
        };
        let flag = flag?;
        let has_value = word.contains('=') || (!word.starts_with("--") && word.len() > 2);
        let takes_value = flag.get_action().takes_values() && !flag.is_require_equals_set();
        at += 1 + usize::from(takes_value && !has_value);
        if flag.get_id() == module.get_id() {
            return (line.get(at).is_some_and(|next| next != "--")).then_some(at);
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a program: .js .mjs .cjs .ts .mts .cts .jsx .tsx .py .wasm .wat, an image .b8g, or - for standard input
    #[command(after_help = RUN_EXAMPLES, override_usage = "b8g run [FLAGS] FILE [ARGS]...\n       b8g run [FLAGS] FILE -- [ARGS]...\n       b8g run [FLAGS] -m MODULE [ARGS]...")]
    Run(Box<RunArgs>),
    /// Run a program, and again whenever one of its source files changes
    #[command(after_help = WATCH_EXAMPLES, override_usage = "b8g watch [FLAGS] FILE [ARGS]...\n       b8g watch [FLAGS] FILE -- [ARGS]...")]
    Watch(Box<RunArgs>),
    /// Evaluate cells of JavaScript or TypeScript one after the other, with line editing, history and completion
    #[command(after_help = REPL_EXAMPLES, override_usage = "b8g repl [FLAGS] [FILE] [ARGS]...")]
    Repl(Box<ReplArgs>),
    /// Run programs at the same time, each with its own grants, the output of each the input of the next
    #[command(after_help = PIPE_EXAMPLES)]
    Pipe(PipeArgs),
    /// Answer requests of HTTP with a component, in a fresh context for each
    #[command(after_help = SERVE_EXAMPLES, override_usage = "b8g serve-http [FLAGS] FILE [FLAGS] [-- ARGS...]")]
    ServeHttp(Box<ServeArgs>),
    /// Make a program ready, freeze it and write it as an image, which b8g run starts from
    #[command(after_help = BUILD_EXAMPLES)]
    Build(Box<BuildArgs>),
    /// Run a program that awaits checkpoint() of "b8g", freeze it there and write it as an image; it goes on
    #[command(after_help = SNAPSHOT_EXAMPLES, override_usage = "b8g snapshot [FLAGS] FILE [ARGS]...")]
    Snapshot(Box<SnapshotArgs>),
    /// Let a program go on from its image, once or as many copies
    #[command(after_help = RESUME_EXAMPLES, override_usage = "b8g resume [FLAGS] IMAGE [ARGS]...")]
    Resume(Box<ResumeArgs>),
    /// Sign an image, so that who trusts the key takes its machine code
    #[command(after_help = SIGN_EXAMPLES)]
    Sign(SignArgs),
    /// Make one image of an image and those that it builds upon
    Squash(SquashArgs),
    /// Explain an image of b8g, V8 or node, or what of them a file holds: what it is, where everything lies, whether it is whole
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(InspectArgs),
    /// Put images together
    #[command(subcommand)]
    Image(ImageCommand),
    /// Engines for other languages: list, add, remove and verify them
    #[command(subcommand)]
    Component(ComponentCommand),
    /// Print the version, and with --json how this build works on this machine
    #[command(after_help = VERSION_EXAMPLES)]
    Version(VersionArgs),
    /// Print a script that completes b8g's commands and flags in a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
}

#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub grants: GrantArgs,
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Make the clock and randomness the same in every run with this number
    #[arg(long, value_name = "N", help_heading = "Program")]
    pub seed: Option<u64>,
    /// Take FILE as this language, whatever its name; needed for standard input
    #[arg(long, value_name = "LANG", help_heading = "Program")]
    pub lang: Option<Lang>,
    #[command(flatten)]
    pub image: ImageArgs,
    /// Let a program of Python import from this directory, as pip install --target or pip download fill one; nothing of it is granted by that
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Program")]
    pub packages: Vec<PathBuf>,
    /// The component that runs a program of Python: python-science has numpy and pandas
    #[arg(long, value_name = "NAME", help_heading = "Program")]
    pub component: Option<ComponentKind>,
    /// Run this module of Python, as python3 -m does; all that follows are its arguments
    #[arg(short, long, value_name = "MODULE", help_heading = "Program")]
    pub module: Option<String>,
    /// Call this exported function of wasm that is no program, with ARGS as its arguments, and print its results
    #[arg(long, value_name = "NAME", help_heading = "Program")]
    pub invoke: Option<String>,
    /// What becomes of imports of a wasm module that b8g does not provide: refuse it, or trap when one is called
    #[arg(long, value_name = "HOW", default_value = "refuse", help_heading = "Program")]
    pub unknown_imports: UnknownImports,

    /// Write a JSON report of how it ended, what it used and what it was refused; - is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub report: Option<PathBuf>,
    /// Print nothing but the program's own output and errors
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,
    /// Colour b8g's own messages; NO_COLOR is heeded
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: ColorChoice,

    /// The program, then its own arguments: whatever comes after FILE is the program's
    #[arg(
        value_name = "FILE",
        trailing_var_arg = true,
        value_hint = ValueHint::FilePath,
        help_heading = "Arguments"
    )]
    pub command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub struct PipeArgs {
    /// What may wait between two stages: 65536, 64k, 1M; 0 lets a stage write only what the next one asks for
    #[arg(long, value_name = "SIZE", default_value = "64k", value_parser = parse_size)]
    pub buffer: u64,
    /// Tell at the end what each stage wrote, how fast, and what it used
    #[arg(long)]
    pub stats: bool,
    /// Print nothing but the programs' own output and errors
    #[arg(short, long)]
    pub quiet: bool,
    /// Colour b8g's own messages; NO_COLOR is heeded
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// The stages: each one argument, as after b8g run: '[FLAGS] FILE [ARGS]...'
    #[arg(value_name = "STAGE", required = true, num_args = 1.., allow_hyphen_values = true)]
    pub stages: Vec<String>,
}

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where to listen; port 0 is one that is free
    #[arg(long, value_name = "ADDR[:PORT]", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// Requests that are answered at a time; the default is 4 for each processor
    #[arg(long, value_name = "N")]
    pub concurrency: Option<u32>,
    /// Let a JavaScript program answer up to N requests in one context, then replace it; what one leaves in memory the next can see
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub keep_alive: Option<u32>,
    /// Tell of each request in a line of JSON on standard error
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Args)]
pub struct ReplArgs {
    /// Read cells as lines of JSON from standard input, and answer each with one on standard output
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Args)]
pub struct BuildArgs {
    /// Where to write the image; the program's name with .b8g if nothing is said
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Freeze it before its top level runs: for programs that need a grant there, or have no function main
    #[arg(long)]
    pub no_init: bool,
    /// The exported function of a wasm module that its runs call; the default is _start
    #[arg(long, value_name = "NAME")]
    pub main: Option<String>,
    /// What its runs need to be granted, and are refused without: read=PATH, write=PATH, net=HOST[:PORT], env=NAME
    #[arg(long, value_name = "ACCESS=NAME,...")]
    pub want: Vec<String>,
    /// Put a wasm module's machine code into the image too, for machines that trust a signature; see b8g sign
    #[arg(long)]
    pub native: bool,
    /// Put these packages into the image of a program of Python, as pip names them; FILE.lock pins what was fetched
    #[arg(long, value_name = "REQUIREMENT")]
    pub with: Vec<String>,
    /// Let a program of Python import from this directory, as pip install --target or pip download fill one
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub packages: Vec<PathBuf>,
    /// The component that runs a program of Python: python-science has numpy and pandas
    #[arg(long, value_name = "NAME")]
    pub component: Option<ComponentKind>,
    /// Make the layout of hash tables the same in every build with this number
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Keep modules of packages whose exports nobody uses, though their package.json says that they have no side effects
    #[arg(long)]
    pub no_shake: bool,
    /// Stop its top level after this time
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_duration)]
    pub timeout: Duration,
    /// Memory that its top level may have: 65536, 512k, 64M, 1.5G [default: 64M; 256M for Python that begins with more than 64M]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub memory: Option<u64>,
    /// Take FILE as this language, whatever its name; needed for standard input
    #[arg(long, value_name = "LANG")]
    pub lang: Option<Lang>,
    /// What becomes of imports of a wasm module that b8g does not provide: refuse it, or trap when one is called
    #[arg(long, value_name = "HOW", default_value = "refuse")]
    pub unknown_imports: UnknownImports,
    /// Print nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
    /// Colour b8g's own messages; NO_COLOR is heeded
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// The program
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: OsString,
}

/// The components that there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ComponentKind {
    Python,
    PythonScience,
}

#[derive(Debug, Subcommand)]
pub enum ComponentCommand {
    /// List the components that are here
    List(ComponentList),
    /// Build a component on this machine, or take one that was built: python, python-science
    #[command(after_help = COMPONENT_EXAMPLES)]
    Add(ComponentAdd),
    /// Remove a component
    Remove(ComponentName),
    /// Check that a component is what was added
    Verify(ComponentName),
}

impl ComponentCommand {
    pub fn color(&self) -> ColorChoice {
        match self {
            ComponentCommand::List(_) => ColorChoice::Auto,
            ComponentCommand::Add(args) => args.color,
            ComponentCommand::Remove(args) | ComponentCommand::Verify(args) => args.color,
        }
    }

    pub fn is_quiet(&self) -> bool {
        match self {
            ComponentCommand::List(_) => false,
            ComponentCommand::Add(args) => args.quiet,
            ComponentCommand::Remove(args) | ComponentCommand::Verify(args) => args.quiet,
        }
    }
}

#[derive(Debug, Args)]
pub struct ComponentList {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct ComponentAdd {
    /// Take the component from this file, which b8g component add --wasm wrote, instead of building it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub from: Option<PathBuf>,
    /// Write the component's binary to this file too, for machines that cannot build it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub wasm: Option<PathBuf>,
    /// Make it anew though it is here
    #[arg(long)]
    pub force: bool,
    /// Print nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
    /// Colour b8g's own messages; NO_COLOR is heeded
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// Which
    #[arg(value_name = "NAME")]
    pub name: ComponentKind,
}

#[derive(Debug, Args)]
pub struct ComponentName {
    /// Print nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
    /// Colour b8g's own messages; NO_COLOR is heeded
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// Which
    #[arg(value_name = "NAME")]
    pub name: ComponentKind,
}

/// How images are read.
#[derive(Clone, Debug, Default, Args)]
pub struct ImageArgs {
    /// Take machine code from images that this Ed25519 key signed, instead of compiling it; a file in PEM
    #[arg(long, value_name = "KEY", value_hint = ValueHint::FilePath, help_heading = "Images")]
    pub trust: Vec<PathBuf>,
    /// Where an image lies that the image builds upon, if not beside it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Images")]
    pub parent: Vec<PathBuf>,
    /// Which context of the image, if it holds several
    #[arg(long, value_name = "N", default_value = "0", help_heading = "Images")]
    pub context: u32,
}

#[derive(Debug, Args)]
pub struct SnapshotArgs {
    /// Where to write the image; the program's name with .b8g if nothing is said. A later checkpoint writes it again
    #[arg(short, long, value_name = "IMAGE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Write only what differs from the image that FILE is
    #[arg(long)]
    pub child: bool,
    /// End the program at its first checkpoint
    #[arg(long)]
    pub stop: bool,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// Let so many copies go on, each with randomness of its own; checkpoint() tells each its number
    #[arg(long, value_name = "N", default_value = "1")]
    pub copies: u32,
    #[command(flatten)]
    pub run: RunArgs,
}

#[derive(Debug, Args)]
pub struct SignArgs {
    /// The Ed25519 key to sign with, in PEM
    #[arg(long, value_name = "KEY", value_hint = ValueHint::FilePath, required_unless_present = "new_key")]
    pub key: Option<PathBuf>,
    /// Make a new key, write it here and its public part beside it with .pub, and sign with it
    #[arg(long, value_name = "KEY", value_hint = ValueHint::FilePath, conflicts_with = "key")]
    pub new_key: Option<PathBuf>,
    /// Where to write the signed image; the image itself if nothing is said
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// The image
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present = "new_key")]
    pub file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct SquashArgs {
    /// Where to write the image
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
    /// Where an image lies that the image builds upon, if not beside it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub parent: Vec<PathBuf>,
    /// The image
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
}

/// What the program may get. Nothing without a flag.
#[derive(Debug, Args)]
#[command(next_help_heading = "Grants (nothing is granted without one; repeat them or list with commas)")]
pub struct GrantArgs {
    /// Let it read these files and directories, or everything
    #[arg(
        short = 'R', long, value_name = "PATH,...", num_args = 0..=1, require_equals = true,
        default_missing_value = EVERYTHING, value_hint = ValueHint::AnyPath
    )]
    pub allow_read: Vec<OsString>,
    /// Let it write, create and remove these files and directories, or everything
    #[arg(
        short = 'W', long, value_name = "PATH,...", num_args = 0..=1, require_equals = true,
        default_missing_value = EVERYTHING, value_hint = ValueHint::AnyPath
    )]
    pub allow_write: Vec<OsString>,
    /// Let it connect and send datagrams to these hosts, or anywhere
    #[arg(
        short = 'N', long, value_name = "HOST[:PORT],...", num_args = 0..=1, require_equals = true,
        default_missing_value = EVERYTHING, value_hint = ValueHint::Hostname
    )]
    pub allow_net: Vec<OsString>,
    /// Let it listen for connections and datagrams at these addresses, or anywhere; port 0 is any that is free
    #[arg(
        short = 'L', long, value_name = "ADDRESS[:PORT],...", num_args = 0..=1, require_equals = true,
        default_missing_value = EVERYTHING, value_hint = ValueHint::Hostname
    )]
    pub allow_listen: Vec<OsString>,
    /// Let it see these environment values, or all
    #[arg(
        short = 'E', long, value_name = "NAME,...", num_args = 0..=1, require_equals = true,
        default_missing_value = EVERYTHING
    )]
    pub allow_env: Vec<OsString>,
    /// Grant everything: what b8g isolates is then only memory
    #[arg(short = 'A', long)]
    pub allow_all: bool,
    /// Set an environment value for the program and let it see it; without =VALUE, the value that b8g has
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub env: Vec<OsString>,
    /// Let it read and write a directory, under another name if GUEST is given; :ro makes it read-only
    #[arg(long, value_name = "HOST[::GUEST][:ro]", value_hint = ValueHint::DirPath)]
    pub dir: Vec<OsString>,
    /// Let its connections with TLS trust the certificates in this file too; PEM
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub cert: Vec<PathBuf>,
}

impl GrantArgs {
    /// A flag that grants everything of its kind because it has no value.
    pub fn bare_flag(&self) -> Option<&'static str> {
        let flags = [
            ("--allow-read", &self.allow_read),
            ("--allow-write", &self.allow_write),
            ("--allow-net", &self.allow_net),
            ("--allow-listen", &self.allow_listen),
            ("--allow-env", &self.allow_env),
        ];
        flags.iter().find(|(_, values)| values.iter().any(|value| value == EVERYTHING)).map(|(flag, _)| *flag)
    }
}

/// What the program may use.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Memory that it may have: 65536, 512k, 64M, 1.5G [default: 64M; 256M for Python that begins with more than 64M]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub memory: Option<u64>,
    /// Stop it after this time: 500ms, 2s, 1.5m, or a number of seconds; 0 is for ever
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// Bytes that it may write to stdout and stderr together, or none for no bound
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = parse_size_or_none)]
    pub output_limit: SizeBound,
    /// Tasks that it, and those that it starts, may have at a time; they count against its other limits
    #[arg(long, value_name = "N", default_value = "16")]
    pub tasks: u32,
}

#[derive(Debug, Subcommand)]
pub enum ImageCommand {
    /// Put a snapshot of V8 or node together again, from what b8g inspect --extract wrote
    PackV8(PackArgs),
    /// Make one image of several of the same program, one context each; what they share is held once
    Join(JoinArgs),
}

#[derive(Debug, Args)]
pub struct JoinArgs {
    /// Where to write it
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
    /// The images
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, required = true)]
    pub files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct PackArgs {
    /// Where to write it
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
    /// Compute its checksums anew, for pieces that were changed
    #[arg(long)]
    pub sign: bool,
    /// The directory
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub directory: PathBuf,
}

#[derive(Debug, Args)]
pub struct InspectArgs {
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
    /// Look for snapshots of V8 and node everywhere in the file, whatever it is
    #[arg(long)]
    pub scan: bool,
    /// Take a snapshot of V8 or node apart into this new directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub extract: Option<PathBuf>,
    /// The image, or a file that holds some
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub struct VersionArgs {
    /// Print it as JSON, with the engine, its means of interruption, the target and the code cache
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell to complete in
    pub shell: Shell,
}

/// A language of programs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Lang {
    #[value(alias = "javascript", alias = "mjs")]
    Js,
    #[value(alias = "typescript", alias = "mts")]
    Ts,
    Jsx,
    Tsx,
    #[value(alias = "wat")]
    Wasm,
    #[value(alias = "python")]
    Py,
}

/// What becomes of imports that b8g does not provide.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum UnknownImports {
    Refuse,
    Trap,
}

const EXAMPLES: &str = "\
Examples:
  b8g run hello.ts                        run a program that holds nothing
  b8g run --allow-read=data report.ts     let it read one directory
  b8g run --timeout=2s --memory=32M x.js  bound what it may use
  b8g watch --allow-read=data report.ts   run it again whenever it changes
  b8g help run                            every flag and exit code";

const RUN_EXAMPLES: &str = "\
Examples:
  b8g run hello.ts
  b8g run --allow-read=data,config.json --allow-write=out report.ts --verbose
  b8g run --allow-net=example.com:443 --allow-env=TOKEN fetch.mts
  b8g run --allow-listen=localhost:8080 server.wasm
  b8g run --env MODE=test --dir project::/src:ro tool.wasm /src/main.c
  b8g run --timeout=500ms --memory=32M --output-limit=1M --report=report.json agent.js
  b8g run --invoke add math.wasm 40 2
  echo 'console.log(1 + 1)' | b8g run --lang js -

Exit codes:
  the program's own, when it ends by itself
  1    an uncaught error or an unhandled rejection; a program that does not compile
  2    usage: a bad flag or grant, no such file
  124  stopped at its --timeout             134  trapped
  125  wrote more than its --output-limit   137  needed more than its --memory
Ctrl-C, SIGTERM and a closed pipe end b8g by that signal, like other tools: a shell shows 130, 143 and 141.
The time of --timeout counts from the program's start, not from that of compiling it.";

const COMPONENT_EXAMPLES: &str = "\
Examples:
  b8g component add python
  b8g component add python --wasm=python.wasm    keeps the binary, for a machine without pip
  b8g component add python --from=python.wasm
  b8g component add python-science               Python with numpy and pandas; see docs/cli.md for what it is

Python is built here, once: its tools come from PyPI by pinned hashes, through this machine's pip. B8G_PYTHON names the
interpreter to build with, B8G_COMPONENTS where components are kept; else that is below ~/.local/share.";

const WATCH_EXAMPLES: &str = "\
Examples:
  b8g watch hello.ts
  b8g watch --allow-read=data --timeout=10s report.ts

The program runs again, with new grants of the same names, when one of the files that it was made from changes; a
program that does not compile is tried again until it does. Ctrl-C ends it.";

const REPL_EXAMPLES: &str = "\
Examples:
  b8g repl
  b8g repl --allow-read=data --timeout=10s
  b8g repl --allow-net=api.example agent.ts   begins in the context of a program
  b8g repl session.b8g                        goes on from what .save wrote
  echo '{\"code\":\"1 + 1\"}' | b8g repl --json

What a cell declares stays, and can be declared anew; await may stand at its top. --timeout counts for each cell. A cell that
is stopped (Ctrl-C, its time, its memory) leaves the session as it was before it, but for open files and connections.
.help lists what else can be typed.";

const PIPE_EXAMPLES: &str = "\
Examples:
  b8g pipe '--allow-read=data parse.ts data/log.txt' 'count.wasm 10' 'format.ts'
  b8g pipe --buffer=1M 'a.ts' '--timeout=2s --memory=32M b.js' > result.txt

The first stage reads b8g's standard input, the last one writes its standard output. The exit code is that of the last stage
that failed; one that ends because the next wants no more has not failed.";

const BUILD_EXAMPLES: &str = "\
Examples:
  b8g build agent.ts                      writes agent.b8g
  b8g build tool.wasm -o tool.b8g
  b8g build report.py --with 'requests==2.*' --with jinja2
  b8g run --allow-read=data agent.b8g     starts where the build ended: calls main(args)

The top level runs once, when the image is built, with nothing granted: no files, network, environment, clock or
randomness. What it made is there in every run. `main`, or the default export, gets the arguments.";

const SNAPSHOT_EXAMPLES: &str = "\
Examples:
  b8g snapshot --allow-read=data train.ts   writes train.b8g at `await checkpoint()`
  b8g snapshot --stop -o warm.b8g serve.ts  ends the program there
  b8g snapshot --child -o next.b8g warm.b8g holds what differs from warm.b8g

The image holds no grant: who resumes it says what it gets. `checkpoint()` resolves to { restored: false } here, and to
{ restored: true, copy } in every program that goes on from the image.";

const RESUME_EXAMPLES: &str = "\
Examples:
  b8g resume --allow-read=data train.b8g
  b8g resume --copies=8 warm.b8g -- --part";

const SERVE_EXAMPLES: &str = "\
Examples:
  b8g serve-http hello.wasm
  b8g serve-http --listen 0.0.0.0:80 --timeout=5s --memory=32M api.wasm
  b8g serve-http --allow-net=db.example:443 --json api.wasm
  b8g serve-http server.ts --keep-alive=1000  # export default { fetch(request) { return new Response(\"hello\") } }

A JavaScript program is evaluated once; each request goes on from there in a context of its own, or with --keep-alive in one
that answered others before. Without --timeout a request has 30s. SIGINT and SIGTERM let what runs come to its end.";

const SIGN_EXAMPLES: &str = "\
Examples:
  b8g sign --new-key release.pem            writes release.pem and release.pem.pub
  b8g build --native tool.wasm
  b8g sign --key release.pem tool.b8g
  b8g run --trust release.pem.pub tool.b8g  takes the machine code in it";

const INSPECT_EXAMPLES: &str = "\
Examples:
  b8g inspect agent.b8g
  b8g inspect --json agent.b8g
  b8g inspect /usr/bin/node               the snapshots in an executable
  b8g inspect --extract parts snapshot.blob
  b8g image pack-v8 parts -o snapshot.blob

Exit codes: 0 what was found is whole, or has no checksum; 1 it is damaged, or nothing was found; 2 there is no such file.";

const VERSION_EXAMPLES: &str = "\
Examples:
  b8g version
  b8g version --json";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  b8g completions bash > ~/.local/share/bash-completion/completions/b8g
  b8g completions zsh > ~/.zfunc/_b8g
  b8g completions fish > ~/.config/fish/completions/b8g.fish";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Flags in a text: `--x` after white space, a backtick or a bracket.
    fn flags_in(text: &str) -> BTreeSet<String> {
        let words = text.split(|c: char| c.is_whitespace() || "`[]()|,".contains(c));
        let long = words.filter_map(|word| word.strip_prefix("--"));
        let names =
            long.map(|flag| flag.split(|c: char| !c.is_ascii_lowercase() && c != '-').next().unwrap_or(""));
        names.filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())).map(str::to_owned).collect()
    }

    #[test]
    fn the_declarations_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_page_lists_every_flag_and_no_other() {
        let page = include_str!("../../../docs/cli.md");
        let mut command = Cli::command();
        command.build();
        let mut flags = BTreeSet::new();
        let mut commands = vec![&command];
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands());
            for argument in command.get_arguments() {
                flags.extend(argument.get_long().map(str::to_owned));
                if let (Some(short), Some(long)) = (argument.get_short(), argument.get_long()) {
                    assert!(page.contains(&format!("`-{short}`, `--{long}")), "-{short}, --{long}");
                }
            }
        }
        // A row of a table for each, not only a mention.
        for flag in &flags {
            let row = page.lines().any(|line| line.starts_with('|') && line.contains(&format!("`--{flag}")));
            assert!(row, "--{flag} has no row in docs/cli.md");
        }
        let program_flags = BTreeSet::from(["verbose".to_owned()]);
        let unknown: Vec<_> = flags_in(page).difference(&flags).cloned().collect();
        assert!(unknown.iter().all(|flag| program_flags.contains(flag)), "{unknown:?}");
    }

    #[test]
    fn the_page_and_the_help_show_the_same_defaults_and_examples() {
        let page = include_str!("../../../docs/cli.md");
        for line in RUN_EXAMPLES.lines().filter(|line| line.contains("b8g run")) {
            assert!(page.contains(line.trim()), "{line}");
        }
        let command = Cli::command();
        let run = command.find_subcommand("run").unwrap();
        let argument = run.get_arguments().find(|argument| argument.get_id() == "output_limit").unwrap();
        assert_eq!(argument.get_default_values(), ["1G"]);
        assert!(page.contains("`--output-limit SIZE` | 1G |") && page.contains("`--memory SIZE` | 64M; "));
    }

    #[test]
    fn what_follows_a_module_is_the_modules() {
        for (line, arguments, timeout) in [
            (&["b8g", "run", "-m", "json.tool", "--compact", "-x"][..], &["--compact", "-x"][..], false),
            (
                &["b8g", "run", "--timeout", "1s", "--module", "m", "--", "--timeout=2s"],
                &["--timeout=2s"],
                true,
            ),
            (&["b8g", "run", "-q", "--timeout=1s", "--module=m", "-m", "n"], &["-m", "n"], true),
            (&["b8g", "run", "-m", "m"], &[], false),
        ] {
            let Command::Run(args) = Cli::read(line.iter().map(OsString::from)).unwrap().command else {
                panic!("another command")
            };
            assert_eq!(args.command, arguments, "{line:?}");
            assert_eq!(args.limits.timeout.is_some_and(|t| t == Duration::from_secs(1)), timeout, "{line:?}");
        }
        let Command::Run(args) =
            Cli::read(["b8g", "run", "x.py", "-m", "m"].map(OsString::from)).unwrap().command
        else {
            panic!("another command")
        };
        assert!(args.module.is_none() && args.command.len() == 3);
    }

    #[test]
    fn flags_of_a_server_may_follow_the_program() {
        let line = ["b8g", "serve-http", "-R", "a.ts", "--listen", "0.0.0.0:1", "x", "--", "--json"];
        let Command::ServeHttp(args) = Cli::read(line.map(OsString::from)).unwrap().command else {
            panic!("another command")
        };
        assert_eq!((args.listen.as_str(), args.json), ("0.0.0.0:1", false));
        assert_eq!(args.run.command, ["a.ts", "x", "--json"]);
    }

    #[test]
    fn flags_of_the_program_are_left_to_it() {
        let line = ["b8g", "run", "-RW=out", "--timeout", "2s", "a.ts", "--timeout", "-R", "--", "x"];
        let Command::Run(args) = Cli::try_parse_from(line).unwrap().command else {
            panic!("another command")
        };
        assert_eq!(args.command, ["a.ts", "--timeout", "-R", "--", "x"]);
        assert_eq!(args.limits.timeout, Some(Duration::from_secs(2)));
        assert_eq!(args.grants.allow_read, [EVERYTHING]);
        assert_eq!(args.grants.allow_write, ["out"]);
    }
}
