//! Objects on their way: ends of channels that lie in messages which nobody has received yet.
//!
//! Start reading at [`may_carry`]. An end in a message keeps alive what waits to be received from it. If nobody holds the end
//! at which the message waits, and that lies in turn in a message of the first, nobody will ever receive either. Of a channel
//! that a key linked nobody may hold the other end, which must not show: so its ends are in no messages at all.
//!
//! Invariant: a message that was sent holds no end of a channel from which only that message, directly or over others, could be
//! received. So the ends that lie in messages are a forest, and what nobody can reach any more is never kept alive. For that
//! the host lets no two messages with ends in them be judged and sent at the same time.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use crate::{Error, Rights};

/// In how many messages that were sent and not received an end of a channel lies. Its address stands for the end.
#[derive(Debug, Default)]
pub struct Transit {
    messages: AtomicU32,
    is_linked: bool,
}

impl Transit {
    /// Of an end that was got by a key. It never lies in a message: what waits at the other end, which perhaps nobody ever
    /// binds, is kept as long as a context has this one, and no longer.
    pub fn of_link() -> Transit {
        Transit { messages: AtomicU32::new(0), is_linked: true }
    }

    /// Tells whether it lies in a message.
    pub fn is_under_way(&self) -> bool {
        self.messages.load(SeqCst) > 0
    }
}

/// What can be in a message.
pub trait Travels {
    /// Its own count, if it is an end of a channel.
    fn transit(&self) -> Option<&Transit>;
}

/// Tells whether a message has ends of channels in it.
pub fn has_ends<O: Travels>(objects: &[(O, Rights)]) -> bool {
    objects.iter().any(|(object, _)| object.transit().is_some())
}

/// Tells whether a message with these objects, of which some are ends of channels, may wait at an end.
///
/// # Errors
/// [`Error::Type`] for an end that was got by a key, [`Error::Argument`] for one that would wait at itself, [`Error::Busy`] when
/// the end at which it would wait is on its way.
pub fn may_carry<O: Travels>(receiver: &Transit, objects: &[(O, Rights)]) -> Result<(), Error> {
    let any =
        |is: &dyn Fn(&Transit) -> bool| objects.iter().filter_map(|(object, _)| object.transit()).any(is);
    match () {
        () if any(&|end| end.is_linked) => Err(Error::Type),
        () if any(&|end| core::ptr::eq(end, receiver)) => Err(Error::Argument),
        () if receiver.is_under_way() => Err(Error::Busy),
        () => Ok(()),
    }
}

/// An object in a message that was sent and not received.
#[derive(Debug)]
pub struct Carried<O: Travels>(Option<O>);

impl<O: Travels> Carried<O> {
    pub(crate) fn pack(object: O) -> Carried<O> {
        if let Some(transit) = object.transit() {
            transit.messages.fetch_add(1, SeqCst);
        }
        Carried(Some(object))
    }

    pub(crate) fn unpack(mut self) -> Option<O> {
        self.leave();
        self.0.take()
    }

    fn leave(&self) {
        if let Some(transit) = self.0.as_ref().and_then(O::transit) {
            transit.messages.fetch_sub(1, SeqCst);
        }
    }
}

impl<O: Travels> Drop for Carried<O> {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::sync::Arc;

    impl Travels for Arc<Transit> {
        fn transit(&self) -> Option<&Transit> {
            Some(self)
        }
    }

    #[test]
    fn nothing_waits_at_itself_or_at_what_is_under_way() {
        let [a, b] = [Arc::<Transit>::default(), Arc::default()];
        let holding = |transit: &Arc<Transit>| [(transit.clone(), Rights::ALL)];
        assert_eq!(may_carry(&a, &holding(&a)), Err(Error::Argument));
        assert_eq!(may_carry(&a, &holding(&b)), Ok(()));
        let (first, second) = (Carried::pack(a.clone()), Carried::pack(a.clone()));
        assert_eq!(may_carry(&a, &holding(&b)), Err(Error::Busy));
        drop(first);
        assert!(a.is_under_way());
        assert!(second.unpack().is_some() && !a.is_under_way());
        let linked = Arc::new(Transit::of_link());
        assert_eq!(
            (may_carry(&a, &holding(&linked)), may_carry(&linked, &holding(&a))),
            (Err(Error::Type), Ok(()))
        );
    }
}
