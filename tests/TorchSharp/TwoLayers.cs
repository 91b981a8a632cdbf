using TorchSharp;
using TorchSharp.Modules;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>Two linear layers with ReLU between them.</summary>
public sealed class TwoLayers : torch.nn.Module<torch.Tensor, torch.Tensor>
{
    public const int Inputs = 12, Hidden = 16, Outputs = 4;

    private readonly Linear _first, _second;

    public TwoLayers(int inputs = Inputs, int hidden = Hidden, int outputs = Outputs)
        : base(nameof(TwoLayers))
    {
        (_first, _second) = (torch.nn.Linear(inputs, hidden), torch.nn.Linear(hidden, outputs));
        RegisterComponents();
    }

    public Linear FirstLayer => _first;

    public IEnumerable<(string name, Parameter parameter)> First => Of(nameof(_first));

    public IEnumerable<(string name, Parameter parameter)> Second => Of(nameof(_second));

    public override torch.Tensor forward(torch.Tensor input) => _second.call(torch.nn.functional.relu(_first.call(input)));

    private IEnumerable<(string name, Parameter parameter)> Of(string layer) => named_parameters().Where(named => named.name.StartsWith(layer, StringComparison.Ordinal));
}
