// node:path: strings only, nothing is looked at. `posix` is the module; `win32` is there because programs name it.

const { modules, checkString, invalidType } = internal;
const SLASH = 47;
const BACKSLASH = 92;
const DOT = 46;
const COLON = 58;
const charCodeAt = Function.prototype.call.bind(String.prototype.charCodeAt);
const slice = Function.prototype.call.bind(String.prototype.slice);
const lower = Function.prototype.call.bind(String.prototype.toLowerCase);

// Takes "." and ".." away where that is possible; `above` keeps ".." at the beginning.
function squeeze(path, above, separator, isSeparator) {
  let result = "";
  let at = 0;
  while (at <= path.length) {
    let end = at;
    while (end < path.length && !isSeparator(charCodeAt(path, end))) end++;
    const part = slice(path, at, end);
    at = end + 1;
    if (part === "" || part === ".") continue;
    if (part === "..") {
      let cut = result.length;
      while (cut > 0 && result[cut - 1] !== separator) cut--;
      if (result !== "" && slice(result, cut) !== "..") {
        result = slice(result, 0, cut > 0 ? cut - 1 : 0);
        continue;
      }
      if (!above) continue;
    }
    result = result === "" ? part : `${result}${separator}${part}`;
  }
  return result;
}

// What a path begins with: the device of Windows, and whether it is absolute.
const posixRoot = (path) => (charCodeAt(path, 0) === SLASH ? { device: "", root: "/", length: 1 } : { device: "", root: "", length: 0 });

const isLetter = (code) => (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
const isBoth = (code) => code === SLASH || code === BACKSLASH;

function windowsRoot(path) {
  if (isBoth(charCodeAt(path, 0))) {
    if (isBoth(charCodeAt(path, 1))) {
      // \\server\share
      const part = (from) => {
        let end = from;
        while (end < path.length && !isBoth(charCodeAt(path, end))) end++;
        return end;
      };
      const skip = (from) => {
        let end = from;
        while (end < path.length && isBoth(charCodeAt(path, end))) end++;
        return end;
      };
      const server = part(2);
      const share = skip(server);
      const end = part(share);
      if (server > 2 && share > server && end > share) {
        const device = `\\\\${slice(path, 2, server)}\\${slice(path, share, end)}`;
        return { device, root: `${device}\\`, length: end < path.length ? end + 1 : end };
      }
    }
    return { device: "", root: "\\", length: 1 };
  }
  if (isLetter(charCodeAt(path, 0)) && charCodeAt(path, 1) === COLON) {
    const device = slice(path, 0, 2);
    return isBoth(charCodeAt(path, 2)) ? { device, root: `${device}\\`, length: 3 } : { device, root: device, length: 2 };
  }
  return { device: "", root: "", length: 0 };
}

function make(separator, delimiter, isSeparator, rootOf) {
  const windows = separator === "\\";
  const isAbsoluteRoot = (found) => found.root !== "" && found.root[found.root.length - 1] === separator;
  const endOf = (path, from) => {
    let end = path.length;
    while (end > from && isSeparator(charCodeAt(path, end - 1))) end--;
    return end;
  };
  // Where the last part begins, in what ends at `end`.
  const lastFrom = (path, from, end) => {
    let at = end;
    while (at > from && !isSeparator(charCodeAt(path, at - 1))) at--;
    return at;
  };

  const path = {
    sep: separator,
    delimiter,

    resolve(...parts) {
      let device = "";
      let tail = "";
      let absolute = false;
      for (let i = parts.length - 1; i >= -1 && !absolute; i--) {
        const part = i >= 0 ? parts[i] : windows ? "" : internal.cwd();
        checkString(part, `paths[${i}]`);
        if (part === "") continue;
        const found = rootOf(part);
        if (device === "") device = found.device;
        else if (found.device !== "" && lower(found.device) !== lower(device)) continue;
        tail = `${slice(part, found.length)}${separator}${tail}`;
        absolute = isAbsoluteRoot(found);
      }
      const squeezed = squeeze(tail, !absolute, separator, isSeparator);
      return `${device}${absolute ? separator : ""}${squeezed}` || ".";
    },

    normalize(value) {
      checkString(value, "path");
      if (value === "") return ".";
      const found = rootOf(value);
      const absolute = isAbsoluteRoot(found);
      let tail = squeeze(slice(value, found.length), !absolute, separator, isSeparator);
      if (tail === "" && !absolute) tail = ".";
      if (tail !== "" && isSeparator(charCodeAt(value, value.length - 1)) && value.length > found.length) tail += separator;
      return `${found.root}${tail}`;
    },

    isAbsolute(value) {
      checkString(value, "path");
      return isAbsoluteRoot(rootOf(value));
    },

    join(...parts) {
      let joined = "";
      for (let i = 0; i < parts.length; i++) {
        checkString(parts[i], "path");
        if (parts[i] !== "") joined = joined === "" ? parts[i] : `${joined}${separator}${parts[i]}`;
      }
      return joined === "" ? "." : path.normalize(joined);
    },

    relative(from, to) {
      checkString(from, "from");
      checkString(to, "to");
      if (from === to) return "";
      const [a, b] = [path.resolve(from), path.resolve(to)];
      const same = (left, right) => (windows ? lower(left) === lower(right) : left === right);
      if (same(a, b)) return "";
      const [x, y] = [rootOf(a), rootOf(b)];
      if (!same(x.root, y.root)) return b;
      const left = slice(a, x.length);
      const right = slice(b, y.length);
      // The parts that both have.
      let shared = 0;
      let at = 0;
      for (;;) {
        let end = at;
        while (end < left.length && left[end] !== separator) end++;
        if (!same(slice(left, at, end), slice(right, at, end)) || (end < right.length && right[end] !== separator) || at > right.length) break;
        shared = end + 1;
        at = end + 1;
        if (end >= left.length || end >= right.length) break;
      }
      let up = "";
      if (shared <= left.length && slice(left, shared) !== "") {
        up = "..";
        for (let i = shared; i < left.length; i++) if (left[i] === separator) up += `${separator}..`;
      }
      const down = slice(right, shared);
      return up === "" ? down : down === "" ? up : `${up}${separator}${down}`;
    },

    toNamespacedPath(value) {
      return value;
    },

    dirname(value) {
      checkString(value, "path");
      if (value === "") return ".";
      const found = rootOf(value);
      const end = endOf(value, found.length);
      const at = endOf(slice(value, 0, lastFrom(value, found.length, end)), found.length);
      return slice(value, 0, at) || ".";
    },

    basename(value, suffix) {
      if (suffix !== undefined) checkString(suffix, "suffix");
      checkString(value, "path");
      const from = windows ? rootOf(value).length : 0;
      const end = endOf(value, from);
      const name = slice(value, lastFrom(value, from, end), end);
      if (suffix === undefined || suffix === "" || name === suffix || suffix.length > name.length) return name;
      return slice(name, name.length - suffix.length) === suffix ? slice(name, 0, name.length - suffix.length) : name;
    },

    extname(value) {
      const name = path.basename(value);
      let dot = name.length - 1;
      while (dot >= 0 && charCodeAt(name, dot) !== DOT) dot--;
      return dot <= 0 || name === ".." ? "" : slice(name, dot);
    },

    format(object) {
      if (typeof object !== "object" || object === null) {
        throw invalidType("pathObject", "of type object", object);
      }
      const directory = object.dir || object.root;
      const extension = object.ext ? `${object.ext[0] === "." ? "" : "."}${object.ext}` : "";
      const base = object.base || `${object.name || ""}${extension}`;
      if (!directory) return base;
      return directory === object.root ? `${directory}${base}` : `${directory}${separator}${base}`;
    },

    parse(value) {
      checkString(value, "path");
      const found = rootOf(value);
      const root = slice(value, 0, found.length);
      const base = path.basename(value);
      const extension = base === "" ? "" : path.extname(value);
      const end = endOf(value, found.length);
      const at = lastFrom(value, found.length, end);
      const directory = at <= found.length ? root : slice(value, 0, at - 1);
      return { root, dir: directory, base, ext: extension, name: slice(base, 0, base.length - extension.length) };
    },

    posix: null,
    win32: null,
  };
  return path;
}

const posix = make("/", ":", (code) => code === SLASH, posixRoot);
const win32 = make("\\", ";", isBoth, windowsRoot);
posix.posix = win32.posix = posix;
posix.win32 = win32.win32 = win32;
modules["node:path"] = posix;
modules["node:path/posix"] = posix;
modules["node:path/win32"] = win32;
