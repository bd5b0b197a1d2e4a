globalThis.work = () => {
  let text = "";
  for (let i = 0; i < 200_000; i++) text += String.fromCharCode(97 + (i % 26)) + i;
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) | 0;
  return hash;
};
