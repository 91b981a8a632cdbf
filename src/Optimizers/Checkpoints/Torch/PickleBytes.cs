namespace GpuOptim.Optimizers.Checkpoints.Torch;

/// <summary>Bytes in a pickle; or a text that is too long for a name, or has lone surrogates, as it is in the file.</summary>
/// <param name="content">The bytes.</param>
/// <param name="isText">Whether they are a text in UTF-8.</param>
internal sealed class PickleBytes(byte[] content, bool isText = false)
{
    public byte[] Content { get; } = content;

    public bool IsText { get; } = isText;

    public override string ToString() => $"{(IsText ? "a text of " : "")}{Content.Length} bytes";
}
