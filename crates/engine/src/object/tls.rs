//! A session of TLS behind a handle: ciphertext goes in and out by requests, plaintext is read and written.
//!
//! What it does is [`b8g_http::session`]'s; here is what it is told at its start, and what it counts against. It has no connection and
//! asks for none: whoever has one moves the ciphertext. Its work is done on its caller's thread.

use std::sync::{Mutex, MutexGuard, PoisonError};

use b8g_core::abi::compute::{TLS_SETTINGS_BYTES_MAX, tls, tls_flag, tls_item};
use b8g_core::stream::Gone;
use b8g_core::{Error, Rights};
use b8g_http::Trust;
use b8g_http::session::{Check, Session as Inner, Settings};

use super::Lease;

/// What a session costs at most, besides what it is told.
pub(crate) use b8g_http::session::SESSION_BYTES;

/// What a context may do with a session.
pub(crate) const SESSION_RIGHTS: Rights = Rights::READ
    .union(Rights::WRITE)
    .union(Rights::DUPLICATE)
    .union(Rights::TRANSFER)
    .union(Rights::WAIT)
    .union(Rights::INSPECT);

/// Every flag of TLS.
const FLAGS: u8 = tls::ANY | tls::NO_NAME | tls::NO_SYSTEM | tls::SERVER | tls::ASK | tls::REQUIRE;

/// A session, and what it counts against.
#[derive(Debug)]
pub(crate) struct Session {
    inner: Mutex<Inner>,
    _leases: [Lease; 2],
}

impl Session {
    /// Begins a session as TLS says it.
    ///
    /// # Errors
    /// [`Error::Argument`] when `input` or `argument` is not what TLS takes, [`Error::Limit`] when it is too much.
    pub(crate) fn new(
        trust: &Trust,
        input: &[u8],
        argument: u64,
        leases: [Lease; 2],
    ) -> Result<Session, Error> {
        let settings = parse(input, argument)?;
        Ok(Session { inner: Mutex::new(Inner::new(trust, &settings)), _leases: leases })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn feed(&self, from: &[u8]) -> Result<i64, Error> {
        self.inner().feed(from).map(|count| count as i64)
    }

    pub(crate) fn take(&self, into: &mut [u8]) -> i64 {
        self.inner().take(into) as i64
    }

    pub(crate) fn read(&self, into: &mut [u8]) -> Result<i64, Error> {
        self.inner().read(into).map(|count| count as i64)
    }

    pub(crate) fn write(&self, from: &[u8]) -> Result<i64, Error> {
        self.inner().write(from).map(|count| count as i64)
    }

    /// Says that no more will be written, or gives up.
    pub(crate) fn finish(&self, how: Gone) {
        match how {
            Gone::Ended => self.inner().finish(),
            Gone::Aborted(_) => self.inner().abort(),
        }
    }

    /// Why it failed.
    pub(crate) fn fault(&self) -> String {
        self.inner().fault().to_owned()
    }

    /// Writes how far it is.
    pub(crate) fn state(&self, out: &mut [u8]) -> Result<i64, Error> {
        let status = self.inner().status();
        let flag = |set: bool, flag: u8| if set { u32::from(flag) } else { 0 };
        let flags = flag(status.ready, tls_flag::READY)
            | flag(status.ended, tls_flag::ENDED)
            | flag(status.wants_take, tls_flag::TAKE)
            | flag(status.wants_feed, tls_flag::FEED);
        let words = [flags, status.version.into(), status.suite.into(), status.readable as u32, status.fault];
        let out = out.get_mut(..words.len() * 4).ok_or(Error::Argument)?;
        for (at, word) in out.chunks_exact_mut(4).zip(words) {
            at.copy_from_slice(&word.to_le_bytes());
        }
        Ok(words.len() as i64 * 4)
    }

    /// Writes one of the things that it knows.
    pub(crate) fn tell(&self, item: u64, out: &mut [u8]) -> Result<i64, Error> {
        let inner = self.inner();
        let told = match u8::try_from(item).map_err(|_| Error::Argument)? {
            tls_item::ALPN => inner.alpn().unwrap_or_default().to_vec(),
            tls_item::CERTIFICATES => {
                let part = |one: &[u8]| [&(one.len() as u32).to_le_bytes(), one].concat();
                inner.certificates().iter().flat_map(|one| part(one)).collect()
            }
            tls_item::SERVER_NAME => inner.server_name().unwrap_or_default().as_bytes().to_vec(),
            _ => return Err(Error::Argument),
        };
        out.get_mut(..told.len()).ok_or(Error::Limit)?.copy_from_slice(&told);
        Ok(told.len() as i64)
    }
}

/// Takes apart what TLS is told.
fn parse(input: &[u8], argument: u64) -> Result<Settings<'_>, Error> {
    if input.len() > TLS_SETTINGS_BYTES_MAX {
        return Err(Error::Limit);
    }
    let [flags, 0, a, b, c, d, 0, 0] = argument.to_le_bytes() else { return Err(Error::Argument) };
    let has = |flag: u8| flags & flag != 0;
    if flags & !FLAGS != 0 || !has(tls::SERVER) && (has(tls::ASK) || has(tls::REQUIRE)) {
        return Err(Error::Argument);
    }
    let mut rest = input;
    let server_name = std::str::from_utf8(part(&mut rest)?).map_err(|_| Error::Argument)?;
    let mut names = part(&mut rest)?;
    let mut alpn = Vec::new();
    while let Some((len, after)) = names.split_first() {
        let (name, after) = after.split_at_checked(usize::from(*len)).ok_or(Error::Argument)?;
        if name.is_empty() {
            return Err(Error::Argument);
        }
        alpn.push(name.to_vec());
        names = after;
    }
    let (roots, chain, key) = (part(&mut rest)?, part(&mut rest)?, rest);
    let check = match flags {
        _ if has(tls::SERVER) && has(tls::REQUIRE) => Check::Chain,
        _ if has(tls::SERVER) && has(tls::ASK) => Check::IfAny,
        _ if has(tls::SERVER) || has(tls::ANY) => Check::None,
        _ if has(tls::NO_NAME) => Check::Chain,
        _ => Check::Whole,
    };
    Ok(Settings {
        server: has(tls::SERVER),
        server_name,
        alpn,
        roots,
        chain,
        key,
        check,
        system: !has(tls::NO_SYSTEM),
        lowest: u16::from_le_bytes([a, b]),
        highest: u16::from_le_bytes([c, d]),
    })
}

/// The next part: its length before it.
fn part<'i>(rest: &mut &'i [u8]) -> Result<&'i [u8], Error> {
    let (len, after) = rest.split_first_chunk::<4>().ok_or(Error::Argument)?;
    let (part, after) = after.split_at_checked(u32::from_le_bytes(*len) as usize).ok_or(Error::Argument)?;
    *rest = after;
    Ok(part)
}
