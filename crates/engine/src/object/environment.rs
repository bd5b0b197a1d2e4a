//! Environment values: those that were granted, by name.

use std::sync::Arc;

use b8g_core::Error;

use super::Lease;

use crate::monitor::Monitor;
use crate::outcome::Access;

/// The granted values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// Name, value if it is set, number of the grant.
    values: Vec<(String, Option<String>, u32)>,
    /// Everything was granted: a name that is absent is unset.
    pub(crate) all: bool,
    /// What it counts against the bound of who made it, if a context did.
    pub(super) _counted: Option<Arc<Lease>>,
}

impl Environment {
    /// Grants a name; the last grant of a name counts.
    pub(crate) fn grant(&mut self, name: &str, value: Option<&str>, grant: u32) {
        let entry = (name.to_owned(), value.map(str::to_owned), grant);
        match self.values.iter_mut().find(|(known, ..)| known == name) {
            Some(known) => *known = entry,
            None => self.values.push(entry),
        }
    }

    /// Tells whether the value of that name was granted.
    pub(crate) fn covers(&self, name: &str) -> bool {
        self.all || self.values.iter().any(|(known, ..)| known == name)
    }

    /// Adds a name, of those that were granted, to `kept`.
    ///
    /// # Errors
    /// [`Error::Rights`] when it was not, which is noted.
    pub(crate) fn keep(&self, name: &str, kept: &mut Environment, monitor: &Monitor) -> Result<(), Error> {
        match self.values.iter().find(|(known, ..)| known == name) {
            Some((_, value, grant)) => kept.grant(name, value.as_deref(), *grant),
            None if self.all => kept.grant(name, None, 0),
            None => {
                monitor.deny(Access::Env, name.as_bytes());
                return Err(Error::Rights);
            }
        }
        Ok(())
    }

    /// Writes a value into `out`, cut to its room; answers its length.
    ///
    /// # Errors
    /// [`Error::Rights`] when the name was not granted, [`Error::NotFound`] when it has no value.
    pub(crate) fn get(&self, name: &[u8], out: &mut [u8], monitor: &Monitor) -> Result<i64, Error> {
        let known = self.values.iter().find(|(known, ..)| known.as_bytes() == name);
        let Some((_, value, grant)) = known else {
            if self.all {
                return Err(Error::NotFound);
            }
            monitor.deny(Access::Env, name);
            return Err(Error::Rights);
        };
        monitor.use_grant(*grant);
        let value = value.as_ref().ok_or(Error::NotFound)?.as_bytes();
        let len = value.len().min(out.len());
        out[..len].copy_from_slice(&value[..len]);
        Ok(value.len() as i64)
    }

    /// All values as `name=value` and a NUL each.
    pub(crate) fn list(&self, monitor: &Monitor) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, value, grant) in &self.values {
            if let Some(value) = value {
                monitor.use_grant(*grant);
                bytes.extend_from_slice(name.as_bytes());
                bytes.push(b'=');
                bytes.extend_from_slice(value.as_bytes());
                bytes.push(0);
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_granted_is_refused_and_noted() {
        let mut environment = Environment::default();
        environment.grant("A", Some("one"), 0);
        environment.grant("B", None, 1);
        let monitor = Monitor::new(2);
        let mut out = [0; 2];
        assert_eq!(environment.get(b"A", &mut out, &monitor), Ok(3));
        assert_eq!(&out, b"on");
        assert_eq!(environment.get(b"B", &mut out, &monitor), Err(Error::NotFound));
        assert_eq!(environment.get(b"C", &mut out, &monitor), Err(Error::Rights));
        assert_eq!(environment.list(&monitor), b"A=one\0");
        let usage = monitor.usage();
        assert_eq!(usage.denied[0].flag(), "--allow-env=C");
        assert_eq!(usage.grants_used, [2, 1]);
    }
}
