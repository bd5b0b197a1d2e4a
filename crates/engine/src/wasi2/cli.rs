//! `wasi:cli`: arguments, environment, standard streams, the end of the program.

use b8g_core::Handle;
use wasmtime::Result;
use wasmtime::component::Resource;

use super::bindings::wasi::cli::{
    environment, exit, stderr, stdin, stdout, terminal_input, terminal_output, terminal_stderr,
    terminal_stdin, terminal_stdout,
};
use super::streams::{InputStream, OutputStream};
use crate::model::host;
use crate::state::State;

/// Says that standard input is a terminal; nothing can be asked of it.
#[derive(Debug)]
pub struct TerminalInput;

/// Says that standard output or error is a terminal; nothing can be asked of it.
#[derive(Debug)]
pub struct TerminalOutput;

impl environment::Host for State {
    fn get_environment(&mut self) -> Result<Vec<(String, String)>> {
        host::environment(self)
    }

    fn get_arguments(&mut self) -> Result<Vec<String>> {
        host::arguments(self)
    }

    fn initial_cwd(&mut self) -> Result<Option<String>> {
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

/// The handle of a standard stream: each stream that a guest gets of it is the same one.
fn stdio(state: &mut State, stream: usize) -> Handle {
    state.resources().stdio[stream]
}

impl stdin::Host for State {
    fn get_stdin(&mut self) -> Result<Resource<InputStream>> {
        let stream = InputStream::standard(stdio(self, 0));
        Ok(self.resources().table.push(stream)?)
    }
}

impl stdout::Host for State {
    fn get_stdout(&mut self) -> Result<Resource<OutputStream>> {
        let stream = OutputStream::standard(stdio(self, 1));
        Ok(self.resources().table.push(stream)?)
    }
}

impl stderr::Host for State {
    fn get_stderr(&mut self) -> Result<Resource<OutputStream>> {
        let stream = OutputStream::standard(stdio(self, 2));
        Ok(self.resources().table.push(stream)?)
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
