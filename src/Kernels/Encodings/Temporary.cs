namespace GpuOptim.Kernels.Encodings;
internal unsafe struct ScaledFloat16<T> : IEncoding { public static int NumberSize => 2; public static int CompanionSize => 4; public static bool HasBlocks => true; public static void Decode(in EncodedStretch s, float* v, int b) {} public static void Encode(in EncodedStretch s, float* v, int b) {} }
internal unsafe struct Dynamic8<S,T> : IEncoding { public static int NumberSize => 1; public static int CompanionSize => 4; public static bool HasBlocks => true; public static void Decode(in EncodedStretch s, float* v, int b) {} public static void Encode(in EncodedStretch s, float* v, int b) {} }
internal struct NearestRounding {}
internal struct StochasticRounding {}
internal struct Signed {}
internal struct Unsigned {}
