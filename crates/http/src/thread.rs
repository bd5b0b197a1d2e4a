//! The one thread on which all of HTTP happens, made when it is first needed.

use std::sync::{Mutex, PoisonError};

use b8g_core::Error;
use tokio::runtime::{Builder, Handle};

static THREAD: Mutex<Option<Handle>> = Mutex::new(None);

/// What spawns tasks on the thread.
///
/// # Errors
/// [`Error::NoMemory`] when the system gives no thread.
pub(crate) fn handle() -> Result<Handle, Error> {
    let mut thread = THREAD.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*thread {
        return Ok(handle.clone());
    }
    let runtime = Builder::new_current_thread().enable_io().enable_time().max_blocking_threads(1).build();
    let runtime = runtime.map_err(|_| Error::NoMemory)?;
    let handle = runtime.handle().clone();
    let named = std::thread::Builder::new().name("b8g-http".into());
    named.spawn(move || runtime.block_on(std::future::pending::<()>())).map_err(|_| Error::NoMemory)?;
    Ok(thread.insert(handle).clone())
}
