export { type Cell, csvOf } from "./csv";
export { blobOf, pngOf, svgOf } from "./picture";
export { fileName, saveBlob, saveText } from "./save";
