//! `wasi:cli`: arguments, environment, standard streams, the end of the program.

use b8g_core::Error;
use wasmtime::Result;
use wasmtime::component::{Access, Resource, StreamReader};

use super::Host;
use super::bindings::wasi::cli::types::{self, ErrorCode};
use super::bindings::wasi::cli::{
    environment, exit, stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr,
    terminal_stdin, terminal_stdout,
};
use super::pipe::{self, End, Held, Place};
use crate::model::host;
use crate::state::State;
use crate::wasi2::{TerminalInput, TerminalOutput};

fn code(error: Error) -> ErrorCode {
    match error {
        Error::Closed => ErrorCode::Pipe,
        _ => ErrorCode::Io,
    }
}

impl types::Host for State {}

impl environment::Host for State {
    fn get_environment(&mut self) -> Result<Vec<(String, String)>> {
        host::environment(self)
    }

    fn get_arguments(&mut self) -> Result<Vec<String>> {
        host::arguments(self)
    }

    fn get_initial_cwd(&mut self) -> Result<Option<String>> {
        Ok(None)
    }
}

impl exit::Host for State {
    fn exit(&mut self, status: Result<(), ()>) -> Result<()> {
        host::exit(self, i32::from(status.is_err()))
    }

    fn exit_with_code(&mut self, code: u8) -> Result<()> {
        host::exit(self, i32::from(code))
    }
}

impl stdin::Host for State {}

impl stdin::HostWithStore<State> for Host {
    fn read_via_stream(mut access: Access<'_, State, Self>) -> Result<(StreamReader<u8>, End<ErrorCode>)> {
        let handle = access.get().resources().stdio[0];
        pipe::reader(access, Held::lent(handle), None, code)
    }
}

impl stdout::Host for State {}

impl stdout::HostWithStore<State> for Host {
    fn write_via_stream(
        mut access: Access<'_, State, Self>,
        data: StreamReader<u8>,
    ) -> Result<End<ErrorCode>> {
        let handle = access.get().resources().stdio[1];
        pipe::writer(access, data, Held::lent(handle), Place::Next, code)
    }
}

impl stderr::Host for State {}

impl stderr::HostWithStore<State> for Host {
    fn write_via_stream(
        mut access: Access<'_, State, Self>,
        data: StreamReader<u8>,
    ) -> Result<End<ErrorCode>> {
        let handle = access.get().resources().stdio[2];
        pipe::writer(access, data, Held::lent(handle), Place::Next, code)
    }
}

impl terminal_input::Host for State {}

impl terminal_input::HostTerminalInput for State {
    fn drop(&mut self, terminal: Resource<TerminalInput>) -> Result<()> {
        self.resources().table.delete(terminal)?;
        Ok(())
    }
}

impl terminal_output::Host for State {}

impl terminal_output::HostTerminalOutput for State {
    fn drop(&mut self, terminal: Resource<TerminalOutput>) -> Result<()> {
        self.resources().table.delete(terminal)?;
        Ok(())
    }
}

impl terminal_stdin::Host for State {
    fn get_terminal_stdin(&mut self) -> Result<Option<Resource<TerminalInput>>> {
        host::terminal(self, 0, TerminalInput)
    }
}

impl terminal_stdout::Host for State {
    fn get_terminal_stdout(&mut self) -> Result<Option<Resource<TerminalOutput>>> {
        host::terminal(self, 1, TerminalOutput)
    }
}

impl terminal_stderr::Host for State {
    fn get_terminal_stderr(&mut self) -> Result<Option<Resource<TerminalOutput>>> {
        host::terminal(self, 2, TerminalOutput)
    }
}
