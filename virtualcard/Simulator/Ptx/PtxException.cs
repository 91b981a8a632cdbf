namespace VirtualCard.Ptx;

/// <summary>PTX that is malformed or inconsistent: what ptxas rejects.</summary>
public sealed class PtxException(string message, Exception? inner = null) : Exception(message, inner);
