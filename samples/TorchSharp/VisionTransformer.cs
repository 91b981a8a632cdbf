using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GpuOptim.Samples.OnTorchSharp;

/// <summary>A small vision transformer: a digit is 4 x 4 patches of 7 x 7 pixels, and two blocks look at them.</summary>
internal sealed class VisionTransformer : Module<Tensor, Tensor>
{
    private const int Width = 128, Heads = 4, Patches = 16, PatchSize = 7;

    private readonly Conv2d embed;
    private readonly Parameter position;
    private readonly Sequential blocks;
    private readonly LayerNorm norm;
    private readonly Linear head;

    public VisionTransformer()
        : base(nameof(VisionTransformer))
    {
        embed = Conv2d(1, Width, PatchSize, stride: PatchSize);
        position = Parameter(0.02 * randn(Patches, Width));
        blocks = Sequential(new Block(Width, Heads), new Block(Width, Heads));
        norm = LayerNorm(Width);
        head = Linear(Width, 10);
        RegisterComponents();
    }

    public override Tensor forward(Tensor images)
    {
        var patches = embed.call(images).flatten(2).transpose(1, 2) + position;
        return head.call(norm.call(blocks.call(patches)).mean([1]));
    }
}
