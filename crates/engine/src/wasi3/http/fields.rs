//! `fields` and `request-options`.

use wasmtime::Result;
use wasmtime::component::Resource;

use super::super::bindings::wasi::http::types::{
    HeaderError, HostFields, HostRequestOptions, RequestOptionsError,
};
use crate::model::http::{Fields, Options, header_error, host_fields};
use crate::state::State;

host_fields! {
    HostFields, HeaderError, HeaderError::SizeExceeded,

    fn get_and_delete(
        &mut self,
        fields: Resource<Fields>,
        name: String,
    ) -> Result<std::result::Result<Vec<Vec<u8>>, HeaderError>> {
        let deleted = self.resources().table.get_mut(&fields)?.delete(&name);
        Ok(deleted.map_err(|error| header_error!(HeaderError, error, HeaderError::SizeExceeded)))
    }

    fn copy_all(&mut self, fields: Resource<Fields>) -> Result<Vec<(String, Vec<u8>)>> {
        Ok(self.resources().table.get(&fields)?.entries())
    }
}

type Here = Resource<Options>;

/// Lets `act` change options that can be changed.
fn change(
    state: &mut State,
    options: &Here,
    act: impl FnOnce(&mut Options),
) -> Result<std::result::Result<(), RequestOptionsError>> {
    let options = state.resources().table.get_mut(options)?;
    if options.immutable {
        return Ok(Err(RequestOptionsError::Immutable));
    }
    act(options);
    Ok(Ok(()))
}

type Changed = Result<std::result::Result<(), RequestOptionsError>>;

impl HostRequestOptions for State {
    fn new(&mut self) -> Result<Here> {
        Ok(self.resources().table.push(Options::default())?)
    }

    fn get_connect_timeout(&mut self, options: Here) -> Result<Option<u64>> {
        Ok(self.resources().table.get(&options)?.connect)
    }

    fn set_connect_timeout(&mut self, options: Here, time: Option<u64>) -> Changed {
        change(self, &options, |options| options.connect = time)
    }

    fn get_first_byte_timeout(&mut self, options: Here) -> Result<Option<u64>> {
        Ok(self.resources().table.get(&options)?.first_byte)
    }

    fn set_first_byte_timeout(&mut self, options: Here, time: Option<u64>) -> Changed {
        change(self, &options, |options| options.first_byte = time)
    }

    fn get_between_bytes_timeout(&mut self, options: Here) -> Result<Option<u64>> {
        Ok(self.resources().table.get(&options)?.between_bytes)
    }

    fn set_between_bytes_timeout(&mut self, options: Here, time: Option<u64>) -> Changed {
        change(self, &options, |options| options.between_bytes = time)
    }

    fn clone(&mut self, options: Here) -> Result<Here> {
        let table = &mut self.resources().table;
        let copy = Options { immutable: false, ..*table.get(&options)? };
        Ok(table.push(copy)?)
    }

    fn drop(&mut self, options: Here) -> Result<()> {
        self.resources().table.delete(options)?;
        Ok(())
    }
}
