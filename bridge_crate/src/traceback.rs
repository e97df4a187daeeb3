//! Texts for exceptions: the whole traceback if it can be had, at least the type and message.

use crate::capi::object::{clear_exception, take_exception, Borrowed, Owned};
use crate::interpreter;
use alloc::string::String;

/// Takes the exception that is set and describes it.
#[cold]
pub fn describe_raised() -> String {
    match take_exception() {
        Some(exception) => describe(exception.borrow()),
        None => String::from("an error without an exception"),
    }
}

/// The traceback and message of an exception, as Python prints it.
#[cold]
pub fn describe(exception: Borrowed<'_>) -> String {
    let formatted = interpreter::boot_attr(c"format_exception")
        .ok()
        .flatten()
        .and_then(|format| format.borrow().call(&[exception]).ok())
        .and_then(|text| as_string(&text));
    if let Some(text) = formatted {
        return text;
    }
    // Formatting failed as well, perhaps for want of memory or stack: say what can be said without Python.
    clear_exception();
    let mut text = String::from(exception.type_name());
    if let Some(message) = exception.str().ok().and_then(|message| as_string(&message)) {
        text.push_str(": ");
        text.push_str(&message);
    }
    clear_exception();
    text
}

fn as_string(text: &Owned) -> Option<String> {
    match text.borrow().text() {
        Some(Ok(text)) => Some(String::from(text)),
        _ => None,
    }
}

