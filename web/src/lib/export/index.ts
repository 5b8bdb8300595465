export { type Cell, csvOf } from "./csv";
export { pngOf, svgOf } from "./picture";
export { fileName, saveBlob, saveText } from "./save";
