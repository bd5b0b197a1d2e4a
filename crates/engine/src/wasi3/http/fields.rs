//! `fields` and `request-options`.

use wasmtime::Result;
use wasmtime::component::Resource;

use super::super::bindings::wasi::http::types::{
    HeaderError, HostFields, HostRequestOptions, RequestOptionsError,
};
use crate::model::host::trap;
use crate::model::http::{FieldError, Fields, Options, header_error};
use crate::state::State;

type Told<T> = Result<std::result::Result<T, HeaderError>>;

fn told<T>(done: std::result::Result<T, FieldError>) -> std::result::Result<T, HeaderError> {
    done.map_err(|error| header_error!(HeaderError, error, HeaderError::SizeExceeded))
}

impl HostFields for State {
    fn new(&mut self) -> Result<Resource<Fields>> {
        let fields = Fields::new(self);
        Ok(self.resources().table.push(fields)?)
    }

    fn from_list(&mut self, entries: Vec<(String, Vec<u8>)>) -> Told<Resource<Fields>> {
        match told(Fields::from_list(self, entries)) {
            Ok(fields) => Ok(Ok(self.resources().table.push(fields)?)),
            Err(error) => Ok(Err(error)),
        }
    }

    fn get(&mut self, fields: Resource<Fields>, name: String) -> Result<Vec<Vec<u8>>> {
        Ok(self.resources().table.get(&fields)?.get(&name))
    }

    fn has(&mut self, fields: Resource<Fields>, name: String) -> Result<bool> {
        Ok(self.resources().table.get(&fields)?.has(&name))
    }

    fn set(&mut self, fields: Resource<Fields>, name: String, values: Vec<Vec<u8>>) -> Told<()> {
        Ok(told(self.resources().table.get_mut(&fields)?.set(&name, values)))
    }

    fn delete(&mut self, fields: Resource<Fields>, name: String) -> Told<()> {
        Ok(told(self.resources().table.get_mut(&fields)?.delete(&name)).map(|_| ()))
    }

    fn get_and_delete(&mut self, fields: Resource<Fields>, name: String) -> Told<Vec<Vec<u8>>> {
        Ok(told(self.resources().table.get_mut(&fields)?.delete(&name)))
    }

    fn append(&mut self, fields: Resource<Fields>, name: String, value: Vec<u8>) -> Told<()> {
        Ok(told(self.resources().table.get_mut(&fields)?.append(&name, value)))
    }

    fn copy_all(&mut self, fields: Resource<Fields>) -> Result<Vec<(String, Vec<u8>)>> {
        Ok(self.resources().table.get(&fields)?.entries())
    }

    fn clone(&mut self, fields: Resource<Fields>) -> Result<Resource<Fields>> {
        let table = &mut self.resources().table;
        let copy = table.get(&fields)?.copy().map_err(|_| trap("more fields than a context may keep"))?;
        Ok(table.push(copy)?)
    }

    fn drop(&mut self, fields: Resource<Fields>) -> Result<()> {
        self.resources().table.delete(fields)?;
        Ok(())
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
