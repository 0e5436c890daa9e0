// class-transformer exports its storage at this path only, and without types.
declare module 'class-transformer/cjs/storage.js' {
  export const defaultMetadataStorage: {
    findTypeMetadata(target: unknown, property: string): { typeFunction?: () => abstract new () => object } | undefined;
  };
}
