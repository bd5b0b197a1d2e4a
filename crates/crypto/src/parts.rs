//! What a request takes, cut into its parts: each with its length before it, the last one without.

use b8g_core::Error;

/// The bytes that are left.
pub(crate) struct Parts<'i>(pub(crate) &'i [u8]);

impl<'i> Parts<'i> {
    pub(crate) fn word(&mut self) -> Result<u32, Error> {
        let (word, rest) = self.0.split_first_chunk::<4>().ok_or(Error::Argument)?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*word))
    }

    pub(crate) fn part(&mut self) -> Result<&'i [u8], Error> {
        let length = self.word()? as usize;
        let (part, rest) = self.0.split_at_checked(length).ok_or(Error::Argument)?;
        self.0 = rest;
        Ok(part)
    }

    /// A part of a known size.
    pub(crate) fn exactly<const N: usize>(&mut self) -> Result<&'i [u8; N], Error> {
        self.part()?.try_into().map_err(|_| Error::Argument)
    }
}
