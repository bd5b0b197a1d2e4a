//! What must hold of any bytes that are read as a head of a request, of a response, or as trailers.
//!
//! Start at [`check`]. The heads are those of `b8g_core::http`; whether such a request may be sent is what `b8g_http` says.

use b8g_core::Error;
use b8g_core::http::{
    FIELDS_MAX, Field, HEAD_BYTES_MAX, RequestHead, ResponseHead, trailers_from_bytes, trailers_to_bytes,
};
use b8g_http::{Request, grammar};

/// Reads an input as each of the three, and writes others that are made of it.
///
/// # Panics
/// If something does not hold that should.
pub fn check(input: &[u8]) {
    request(input);
    match ResponseHead::from_bytes(input) {
        Ok(head) => {
            within(input, &head.fields);
            assert_eq!(head.to_bytes().as_deref(), Ok(input), "no byte of a head is without meaning");
        }
        Err(error) => refused(input, error),
    }
    match trailers_from_bytes(input) {
        Ok(fields) => {
            within(input, &fields);
            let written = trailers_to_bytes(fields.into_iter());
            assert_eq!(written.as_deref(), Ok(input), "no byte of trailers is without meaning");
        }
        Err(error) => refused(input, error),
    }
    made_of(input);
}

fn request(input: &[u8]) {
    let parsed = Request::parse(input);
    match RequestHead::from_bytes(input) {
        Ok(head) => {
            within(input, &head.fields);
            let texts = [head.method, head.scheme, head.authority, head.path];
            texts.iter().for_each(|text| lies_in(input, text));
            assert_eq!(head.to_bytes().as_deref(), Ok(input), "no byte of a head is without meaning");
            match parsed {
                Ok(request) => may_be_sent(&head, request),
                Err(error) => assert!(matches!(error, Error::Argument | Error::Limit), "{error}"),
            }
        }
        Err(error) => {
            refused(input, error);
            assert_eq!(parsed.err(), Some(error));
        }
    }
}

fn refused(input: &[u8], error: Error) {
    match error {
        Error::Argument => assert!(input.len() <= HEAD_BYTES_MAX),
        // Something follows as many fields as there may be, each with its lengths.
        Error::Limit => assert!(input.len() > HEAD_BYTES_MAX || input.len() > FIELDS_MAX * 8),
        other => panic!("{other}"),
    }
}

fn within(input: &[u8], fields: &[Field<'_>]) {
    assert!(fields.len() <= FIELDS_MAX && input.len() <= HEAD_BYTES_MAX);
    for (name, value) in fields {
        lies_in(input, name);
        lies_in(input, value);
    }
}

fn lies_in(input: &[u8], text: &[u8]) {
    let (all, part) = (input.as_ptr_range(), text.as_ptr_range());
    assert!(all.start <= part.start && part.end <= all.end);
}

/// A request that may be sent is one message to one host.
fn may_be_sent(head: &RequestHead<'_>, request: Request) {
    let text = |bytes| std::str::from_utf8(bytes).expect("a head that may be sent");
    assert!(grammar::is_method(text(head.method)) && grammar::is_authority(text(head.authority)));
    assert!(matches!(head.scheme, b"http" | b"https"));
    let breaks = |bytes: &[u8]| bytes.iter().any(|b| matches!(b, b'\r' | b'\n' | 0));
    assert!(!breaks(head.path) && !head.path.contains(&b' ') && !head.authority.contains(&b'@'));
    let mut lengths = 0;
    for (name, value) in &head.fields {
        let name = grammar::field_name(name).expect("a field that may be sent has a name");
        assert!(grammar::is_field_value(value) && !breaks(value));
        assert!(!matches!(&name[..], "host" | "transfer-encoding" | "connection" | "upgrade"), "{name}");
        lengths += usize::from(name == "content-length");
    }
    assert!(lengths <= 1);
    let address = request.address();
    let (host, port) = address.rsplit_once(':').expect("an address names a port");
    assert!(!host.is_empty() && port.parse::<u16>().is_ok(), "{address}");
    let may = head.method == b"GET" && lengths == 0;
    assert_eq!(
        request.upgrading().is_ok(),
        may,
        "only what gets something, and has no body, asks for a WebSocket"
    );
}

/// Cuts an input into texts: what is written of them is read as the same.
fn made_of(mut input: &[u8]) {
    let [method, scheme, authority, path] = [(); 4].map(|()| text(&mut input));
    let times = [(); 3].map(|()| text(&mut input).iter().fold(0, |n, b| n << 8 | u64::from(*b)));
    let status = times[0] as u16;
    let mut fields = Vec::new();
    while !input.is_empty() {
        fields.push((text(&mut input), text(&mut input)));
    }
    let [connect_ns, first_byte_ns, between_bytes_ns] = times;
    let head =
        RequestHead { method, scheme, authority, path, connect_ns, first_byte_ns, between_bytes_ns, fields };
    written(head.to_bytes(), &head.fields, |bytes| {
        assert_eq!(RequestHead::from_bytes(bytes).as_ref(), Ok(&head));
    });
    written(trailers_to_bytes(head.fields.iter().copied()), &head.fields, |bytes| {
        assert_eq!(trailers_from_bytes(bytes).as_ref(), Ok(&head.fields));
    });
    let head = ResponseHead { status, fields: head.fields };
    written(head.to_bytes(), &head.fields, |bytes| {
        assert_eq!(ResponseHead::from_bytes(bytes).as_ref(), Ok(&head));
    });
}

/// What follows a length, as far as it goes.
fn text<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let (length, behind) = rest.split_first().unwrap_or((&0, &[]));
    let (text, behind) = behind.split_at(behind.len().min(usize::from(*length)));
    *rest = behind;
    text
}

fn written(bytes: Result<Vec<u8>, Error>, fields: &[Field<'_>], read: impl Fn(&[u8])) {
    match bytes {
        Ok(bytes) => read(&bytes),
        Err(error) => {
            let length: usize = fields.iter().map(|(name, value)| name.len() + value.len() + 8).sum();
            // A request has as much again in its texts as they have room for here.
            assert_eq!(error, Error::Limit);
            assert!(fields.len() > FIELDS_MAX || length + 40 + 4 * 255 > HEAD_BYTES_MAX);
        }
    }
}
