// The modules that programs import by name: "b8g", and those of Node.js, which the other files of this folder make.
//
// `internal.modules` maps a name to the object whose properties are the exports; of a module of Node.js that object is the
// default export too, and what `require` gives. The names are those of crates/frontend-ts/src/resolve/builtins.rs. Everything is
// made when the component is built. Invariant: a module does nothing that the handles of the program do not allow.

internal.modules = { __proto__: null, b8g: internal.b8g };
