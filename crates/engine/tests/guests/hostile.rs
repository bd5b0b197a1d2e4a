//! A guest that does what it must not is told so, and harms nobody but itself.

use b8g::Channel;

use crate::{compile, engine, running, succeeds, told};

#[test]
fn a_hostile_guest_is_answered_with_errors() {
    let engine = engine();
    let Some(hostile) = compile::c(&engine, "tests/guests/hostile.c") else { return };
    let Some(receiver) = compile::rust(&engine, "receiver") else { return };
    for how in ["copy", "mapped"] {
        let ((a, b), (mine, theirs), (heard, tells)) = (Channel::pair(), Channel::pair(), Channel::pair());
        let attacks = running(&hostile, &[], vec![a, tells]);
        let suffers = running(&receiver, &[how], vec![b, theirs]);
        assert_eq!(told(&heard), "done", "what was wrongly allowed");
        // As many bytes come as were committed, whatever they are, and then the end.
        assert!(told(&mine).starts_with("10 bytes, "));
        succeeds(suffers);
        succeeds(attacks);
    }
}
