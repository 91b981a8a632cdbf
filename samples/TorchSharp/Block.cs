using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace GpuOptim.Samples.OnTorchSharp;

/// <summary>A block of a transformer: attention, then a perceptron, each added to what came in.</summary>
internal sealed class Block : Module<Tensor, Tensor>
{
    private readonly int heads;
    private readonly LayerNorm norm1, norm2;
    private readonly Linear query, key, value, output, expand, contract;

    public Block(int width, int heads)
        : base(nameof(Block))
    {
        this.heads = heads;
        norm1 = LayerNorm(width);
        query = Linear(width, width, hasBias: false);
        key = Linear(width, width, hasBias: false);
        value = Linear(width, width, hasBias: false);
        output = Linear(width, width, hasBias: false);
        norm2 = LayerNorm(width);
        expand = Linear(width, 4 * width, hasBias: false);
        contract = Linear(4 * width, width, hasBias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        x = x + Attend(norm1.call(x));
        return x + contract.call(functional.gelu(expand.call(norm2.call(x))));
    }

    private Tensor Attend(Tensor x)
    {
        return output.call(functional.scaled_dot_product_attention(Heads(query), Heads(key), Heads(value)).transpose(1, 2).flatten(2));

        // Digits, heads, patches, numbers of a head.
        Tensor Heads(Linear projection) => projection.call(x).unflatten(2, heads, -1).transpose(1, 2);
    }
}
