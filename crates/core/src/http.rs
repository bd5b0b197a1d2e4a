//! Heads of HTTP requests and responses, as they lie in memory between a component and its host.
//!
//! A head is a fixed part of 32-bit and 64-bit numbers, texts, and fields up to its end; everything little-endian, packed.
//! Start reading at [`RequestHead`]. What is legal HTTP is the host's affair; here is what is whole.
//!
//! Invariant: what was read lies within the bytes that were given, and is bounded by the constants here.

use alloc::vec::Vec;

use crate::Error;

/// Bytes of a head, or of trailers, at most.
pub const HEAD_BYTES_MAX: usize = 64 << 10;
/// Fields of a head, or of trailers, at most.
pub const FIELDS_MAX: usize = 256;
/// Bytes of a request head before its texts.
const REQUEST_BYTES: usize = 40;
/// Bytes of a response head before its fields.
const RESPONSE_BYTES: usize = 8;

/// A field: name and value.
pub type Field<'a> = (&'a [u8], &'a [u8]);

/// What is asked for. Times are nanoseconds; 0 is what the host thinks right.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RequestHead<'a> {
    /// `GET`.
    pub method: &'a [u8],
    /// `http` or `https`.
    pub scheme: &'a [u8],
    /// `example.com:8080`.
    pub authority: &'a [u8],
    /// With the query: `/a?b`.
    pub path: &'a [u8],
    /// How long connecting may take.
    pub connect_ns: u64,
    /// How long the answer may stay away.
    pub first_byte_ns: u64,
    /// How long the next bytes of the answer may stay away.
    pub between_bytes_ns: u64,
    /// In their order.
    pub fields: Vec<Field<'a>>,
}

impl<'a> RequestHead<'a> {
    /// Reads a head.
    ///
    /// # Errors
    /// [`Error::Argument`] for what is none, [`Error::Limit`] for one that is too large or has too many fields.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<RequestHead<'a>, Error> {
        if bytes.len() > HEAD_BYTES_MAX {
            return Err(Error::Limit);
        }
        let mut rest = bytes;
        let mut lengths = [0; 4];
        for length in &mut lengths {
            *length = number(&mut rest)?;
        }
        let mut times = [0; 3];
        for time in &mut times {
            *time = u64::from_le_bytes(*take(&mut rest, 8)?.first_chunk().ok_or(Error::Argument)?);
        }
        let [connect_ns, first_byte_ns, between_bytes_ns] = times;
        let [method, scheme, authority, path] = lengths;
        Ok(RequestHead {
            method: take(&mut rest, method)?,
            scheme: take(&mut rest, scheme)?,
            authority: take(&mut rest, authority)?,
            path: take(&mut rest, path)?,
            connect_ns,
            first_byte_ns,
            between_bytes_ns,
            fields: fields(rest)?,
        })
    }

    /// Writes it.
    ///
    /// # Errors
    /// [`Error::Limit`] when it is too large or has too many fields.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let texts = [self.method, self.scheme, self.authority, self.path];
        let mut out = Vec::with_capacity(REQUEST_BYTES + texts.iter().map(|text| text.len()).sum::<usize>());
        for text in texts {
            put_number(&mut out, text.len())?;
        }
        for time in [self.connect_ns, self.first_byte_ns, self.between_bytes_ns] {
            out.extend_from_slice(&time.to_le_bytes());
        }
        texts.iter().for_each(|text| out.extend_from_slice(text));
        put_fields(&mut out, self.fields.iter().copied())?;
        Ok(out)
    }
}

/// What is answered.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ResponseHead<'a> {
    /// 200.
    pub status: u16,
    /// In their order.
    pub fields: Vec<Field<'a>>,
}

impl<'a> ResponseHead<'a> {
    /// Reads a head.
    ///
    /// # Errors
    /// As [`RequestHead::from_bytes`].
    pub fn from_bytes(bytes: &'a [u8]) -> Result<ResponseHead<'a>, Error> {
        if bytes.len() > HEAD_BYTES_MAX {
            return Err(Error::Limit);
        }
        let mut rest = bytes;
        let status = u16::try_from(number(&mut rest)?).map_err(|_| Error::Argument)?;
        if number(&mut rest)? != 0 {
            return Err(Error::Argument);
        }
        Ok(ResponseHead { status, fields: fields(rest)? })
    }

    /// Writes it.
    ///
    /// # Errors
    /// As [`RequestHead::to_bytes`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut out = Vec::with_capacity(RESPONSE_BYTES);
        out.extend_from_slice(&u32::from(self.status).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        put_fields(&mut out, self.fields.iter().copied())?;
        Ok(out)
    }
}

/// Reads trailers: nothing but fields.
///
/// # Errors
/// As [`RequestHead::from_bytes`].
pub fn trailers_from_bytes(bytes: &[u8]) -> Result<Vec<Field<'_>>, Error> {
    if bytes.len() > HEAD_BYTES_MAX { Err(Error::Limit) } else { fields(bytes) }
}

/// Writes trailers.
///
/// # Errors
/// As [`RequestHead::to_bytes`].
pub fn trailers_to_bytes<'a>(fields: impl Iterator<Item = Field<'a>>) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    put_fields(&mut out, fields)?;
    Ok(out)
}

fn fields(mut rest: &[u8]) -> Result<Vec<Field<'_>>, Error> {
    let mut fields = Vec::new();
    while !rest.is_empty() {
        if fields.len() == FIELDS_MAX {
            return Err(Error::Limit);
        }
        let (name, value) = (number(&mut rest)?, number(&mut rest)?);
        fields.push((take(&mut rest, name)?, take(&mut rest, value)?));
    }
    Ok(fields)
}

fn put_fields<'a>(out: &mut Vec<u8>, fields: impl Iterator<Item = Field<'a>>) -> Result<(), Error> {
    for (at, (name, value)) in fields.enumerate() {
        if at == FIELDS_MAX {
            return Err(Error::Limit);
        }
        put_number(out, name.len())?;
        put_number(out, value.len())?;
        out.extend_from_slice(name);
        out.extend_from_slice(value);
        if out.len() > HEAD_BYTES_MAX {
            return Err(Error::Limit);
        }
    }
    if out.len() > HEAD_BYTES_MAX { Err(Error::Limit) } else { Ok(()) }
}

fn put_number(out: &mut Vec<u8>, number: usize) -> Result<(), Error> {
    let number = u32::try_from(number).map_err(|_| Error::Limit)?;
    out.extend_from_slice(&number.to_le_bytes());
    Ok(())
}

fn number(rest: &mut &[u8]) -> Result<usize, Error> {
    let bytes = take(rest, 4)?;
    Ok(u32::from_le_bytes(*bytes.first_chunk().ok_or(Error::Argument)?) as usize)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], Error> {
    let (taken, left) = rest.split_at_checked(length).ok_or(Error::Argument)?;
    *rest = left;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RequestHead<'static> {
        RequestHead {
            method: b"POST",
            scheme: b"https",
            authority: b"a.example:8443",
            path: b"/p?q",
            connect_ns: 1,
            first_byte_ns: 2,
            between_bytes_ns: 3,
            fields: [(&b"x"[..], &b""[..]), (b"y", b"1\xff")].into(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = request().to_bytes().unwrap();
        assert_eq!(bytes[..8], [4, 0, 0, 0, 5, 0, 0, 0]);
        assert_eq!(&bytes[REQUEST_BYTES..][..9], b"POSThttps");
        assert_eq!(RequestHead::from_bytes(&bytes).unwrap(), request());
        let head = ResponseHead { status: 404, fields: [(&b"a"[..], &b"b"[..])].into() };
        let bytes = head.to_bytes().unwrap();
        assert_eq!(bytes[..RESPONSE_BYTES], [0x94, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(ResponseHead::from_bytes(&bytes).unwrap(), head);
        let trailers = trailers_to_bytes(request().fields.into_iter()).unwrap();
        assert_eq!(trailers_from_bytes(&trailers).unwrap(), request().fields);
    }

    #[test]
    fn what_is_cut_or_lies_is_refused() {
        let bytes = request().to_bytes().unwrap();
        let ends = [REQUEST_BYTES + 4 + 5 + 14 + 4, REQUEST_BYTES + 4 + 5 + 14 + 4 + 9];
        for len in (0..bytes.len()).filter(|len| !ends.contains(len)) {
            assert_eq!(RequestHead::from_bytes(&bytes[..len]), Err(Error::Argument), "{len}");
        }
        for at in 0..4 {
            let mut bytes = bytes.clone();
            bytes[at * 4..][..4].copy_from_slice(&u32::MAX.to_le_bytes());
            assert_eq!(RequestHead::from_bytes(&bytes), Err(Error::Argument));
        }
        assert_eq!(ResponseHead::from_bytes(&[200, 0, 0, 0, 1, 0, 0, 0]), Err(Error::Argument));
        assert_eq!(ResponseHead::from_bytes(&[0, 0, 1, 0, 0, 0, 0, 0]), Err(Error::Argument));
    }

    #[test]
    fn bounds_hold_in_both_directions() {
        let many = |n: usize| (0..n).map(|_| (&b"a"[..], &b"b"[..]));
        let bytes = trailers_to_bytes(many(FIELDS_MAX)).unwrap();
        assert_eq!(trailers_from_bytes(&bytes).unwrap().len(), FIELDS_MAX);
        assert_eq!(trailers_to_bytes(many(FIELDS_MAX + 1)), Err(Error::Limit));
        let more = [&bytes[..], &bytes[..10]].concat();
        assert_eq!(trailers_from_bytes(&more), Err(Error::Limit));
        let long = [0; HEAD_BYTES_MAX];
        assert_eq!(trailers_to_bytes([(&b"a"[..], &long[..])].into_iter()), Err(Error::Limit));
        let path = RequestHead { path: &long, ..RequestHead::default() };
        assert_eq!(path.to_bytes(), Err(Error::Limit));
        assert_eq!(trailers_from_bytes(&[0; HEAD_BYTES_MAX + 1]), Err(Error::Limit));
        assert_eq!(RequestHead::from_bytes(&[0; HEAD_BYTES_MAX + 1]), Err(Error::Limit));
    }
}
