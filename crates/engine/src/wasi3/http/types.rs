//! `request` and `response`.

use wasmtime::Result;
use wasmtime::component::{Access, FutureReader, Resource, StreamReader};

use super::super::Host;
use super::super::bindings::wasi::http::types::{
    self, ErrorCode, HostRequest, HostRequestWithStore, HostResponse, HostResponseWithStore, Method, Scheme,
};
use super::super::pipe::End;
use super::body::{Body, Trailers};
use super::{Request, Response};
use crate::model::http::{Fields, Line, Options, method_of, method_text, scheme_of, scheme_text};
use crate::state::State;

impl types::Host for State {}

/// A body, and the future that says how it ended.
type Contents = (StreamReader<u8>, FutureReader<Trailers>);

impl HostRequestWithStore<State> for Host {
    fn new(
        mut access: Access<'_, State, Self>,
        fields: Resource<Fields>,
        contents: Option<StreamReader<u8>>,
        trailers: FutureReader<Trailers>,
        options: Option<Resource<Options>>,
    ) -> Result<(Resource<Request>, End<ErrorCode>)> {
        let (body, sent) = Body::new(&mut access, contents, trailers)?;
        let table = &mut access.get().resources().table;
        let fields = table.delete(fields)?.frozen();
        let options = options.map(|options| table.delete(options)).transpose()?;
        let options = options.map(|options| Options { immutable: true, ..options });
        let request = table.push(Request { line: Line::default(), fields, options, body })?;
        Ok((request, sent))
    }

    fn consume_body(
        mut access: Access<'_, State, Self>,
        request: Resource<Request>,
        handled: End<ErrorCode>,
    ) -> Result<Contents> {
        let request = access.get().resources().table.delete(request)?;
        request.body.consume(access, handled)
    }

    fn drop(mut access: Access<'_, State, Self>, request: Resource<Request>) -> Result<()> {
        let request = access.get().resources().table.delete(request)?;
        request.body.refuse(&mut access, ErrorCode::InternalError(None))
    }
}

type Here = Resource<Request>;

impl State {
    fn request(&mut self, at: &Here) -> Result<&mut Request> {
        Ok(self.resources().table.get_mut(at)?)
    }
}

impl HostRequest for State {
    fn get_method(&mut self, at: Here) -> Result<Method> {
        Ok(method_of!(Method, self.request(&at)?.line.method.as_str()))
    }

    fn set_method(&mut self, at: Here, method: Method) -> Result<std::result::Result<(), ()>> {
        Ok(self.request(&at)?.line.set_method(method_text!(Method, method)))
    }

    fn get_path_with_query(&mut self, at: Here) -> Result<Option<String>> {
        Ok(self.request(&at)?.line.path.clone())
    }

    fn set_path_with_query(&mut self, at: Here, path: Option<String>) -> Result<std::result::Result<(), ()>> {
        let kept = self.resources().http.clone();
        Ok(self.request(&at)?.line.set_path(path, &kept))
    }

    fn get_scheme(&mut self, at: Here) -> Result<Option<Scheme>> {
        Ok(self.request(&at)?.line.scheme.as_deref().map(|scheme| scheme_of!(Scheme, scheme)))
    }

    fn set_scheme(&mut self, at: Here, scheme: Option<Scheme>) -> Result<std::result::Result<(), ()>> {
        Ok(self.request(&at)?.line.set_scheme(scheme.map(|scheme| scheme_text!(Scheme, scheme))))
    }

    fn get_authority(&mut self, at: Here) -> Result<Option<String>> {
        Ok(self.request(&at)?.line.authority.clone())
    }

    fn set_authority(&mut self, at: Here, authority: Option<String>) -> Result<std::result::Result<(), ()>> {
        Ok(self.request(&at)?.line.set_authority(authority))
    }

    fn get_options(&mut self, at: Here) -> Result<Option<Resource<Options>>> {
        let options = self.request(&at)?.options;
        Ok(options.map(|options| self.resources().table.push(options)).transpose()?)
    }

    fn get_headers(&mut self, at: Here) -> Result<Resource<Fields>> {
        let fields = self.request(&at)?.fields.clone();
        Ok(self.resources().table.push(fields)?)
    }
}

impl HostResponseWithStore<State> for Host {
    fn new(
        mut access: Access<'_, State, Self>,
        fields: Resource<Fields>,
        contents: Option<StreamReader<u8>>,
        trailers: FutureReader<Trailers>,
    ) -> Result<(Resource<Response>, End<ErrorCode>)> {
        let (body, sent) = Body::new(&mut access, contents, trailers)?;
        let table = &mut access.get().resources().table;
        let fields = table.delete(fields)?.frozen();
        let response = table.push(Response { status: 200, fields, body })?;
        Ok((response, sent))
    }

    fn consume_body(
        mut access: Access<'_, State, Self>,
        response: Resource<Response>,
        handled: End<ErrorCode>,
    ) -> Result<Contents> {
        let response = access.get().resources().table.delete(response)?;
        response.body.consume(access, handled)
    }

    fn drop(mut access: Access<'_, State, Self>, response: Resource<Response>) -> Result<()> {
        let response = access.get().resources().table.delete(response)?;
        response.body.refuse(&mut access, ErrorCode::InternalError(None))
    }
}

impl HostResponse for State {
    fn get_status_code(&mut self, at: Resource<Response>) -> Result<u16> {
        Ok(self.resources().table.get(&at)?.status)
    }

    fn set_status_code(
        &mut self,
        at: Resource<Response>,
        status: u16,
    ) -> Result<std::result::Result<(), ()>> {
        let response = self.resources().table.get_mut(&at)?;
        Ok((100..600).contains(&status).then(|| response.status = status).ok_or(()))
    }

    fn get_headers(&mut self, at: Resource<Response>) -> Result<Resource<Fields>> {
        let table = &mut self.resources().table;
        let fields = table.get(&at)?.fields.clone();
        Ok(table.push(fields)?)
    }
}
