//! A panic: told on stderr, then a trap, which tells where.

use core::fmt::Write;
use core::panic::PanicInfo;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    if let Some(mut stderr) = crate::given::stderr() {
        let _ = writeln!(stderr, "{info}");
    }
    core::arch::wasm32::unreachable()
}
