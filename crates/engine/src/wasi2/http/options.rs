//! `request-options`: the times that a request may take.

use wasmtime::Result;
use wasmtime::component::Resource;

use super::super::bindings::wasi::http::types::HostRequestOptions;
use crate::model::http::Options;
use crate::state::State;

type Here = Resource<Options>;
type Changed = Result<std::result::Result<(), ()>>;

impl State {
    fn options(&mut self, at: &Here) -> Result<&mut Options> {
        Ok(self.resources().table.get_mut(at)?)
    }
}

impl HostRequestOptions for State {
    fn new(&mut self) -> Result<Here> {
        Ok(self.resources().table.push(Options::default())?)
    }

    fn connect_timeout(&mut self, at: Here) -> Result<Option<u64>> {
        Ok(self.options(&at)?.connect)
    }

    fn set_connect_timeout(&mut self, at: Here, time: Option<u64>) -> Changed {
        self.options(&at)?.connect = time;
        Ok(Ok(()))
    }

    fn first_byte_timeout(&mut self, at: Here) -> Result<Option<u64>> {
        Ok(self.options(&at)?.first_byte)
    }

    fn set_first_byte_timeout(&mut self, at: Here, time: Option<u64>) -> Changed {
        self.options(&at)?.first_byte = time;
        Ok(Ok(()))
    }

    fn between_bytes_timeout(&mut self, at: Here) -> Result<Option<u64>> {
        Ok(self.options(&at)?.between_bytes)
    }

    fn set_between_bytes_timeout(&mut self, at: Here, time: Option<u64>) -> Changed {
        self.options(&at)?.between_bytes = time;
        Ok(Ok(()))
    }

    fn drop(&mut self, at: Here) -> Result<()> {
        self.resources().table.delete(at)?;
        Ok(())
    }
}
