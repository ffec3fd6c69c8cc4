// Mapbox vector tiles for the classic scripts of the page: {layer: [{id, properties, type, geometry}], …}, with
// coordinates as shares of the tile's side.
import { VectorTile } from "@mapbox/vector-tile";
import { PbfReader } from "pbf";

function decode(buffer) {
  const layers = {};
  for (const [name, layer] of Object.entries(new VectorTile(new PbfReader(buffer)).layers)) {
    layers[name] = Array.from({ length: layer.length }, (_, index) => {
      const feature = layer.feature(index);
      const geometry = feature
        .loadGeometry()
        .map((ring) => ring.map(({ x, y }) => [x / layer.extent, y / layer.extent]));
      return { id: feature.id, properties: feature.properties, geometry };
    });
  }
  return layers;
}

everycell.setTileDecoder(decode);
