//! HMAC.

use b8g_core::Error;
use hmac::{KeyInit, Mac, SimpleHmac};

use crate::hash::with_hash;
use crate::parts::Parts;
use crate::{PIECE_BYTES, Work, byte, give};

/// Authenticates bytes with a key of any length.
pub(crate) fn mac(argument: u64, input: &[u8], out: &mut [u8], work: &Work<'_>) -> Result<usize, Error> {
    let mut parts = Parts(input);
    let key = parts.part()?;
    with_hash!(byte(argument, 0), Hash => {
        let mut mac = SimpleHmac::<Hash>::new_from_slice(key).map_err(|_| Error::Argument)?;
        for piece in parts.0.chunks(PIECE_BYTES) {
            work.step()?;
            mac.update(piece);
        }
        give(&mac.finalize().into_bytes(), out)
    })
}
