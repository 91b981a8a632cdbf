using GpuOptim.TorchSharp;
using static TorchSharp.torch;

namespace GpuOptim.Tests.TorchSharp;

/// <summary>The scenarios of TorchSharp's own tests of training, with ours in place of its optimizers: the same losses, step by step.</summary>
public sealed class TrainingTests : TorchTest
{
    [Test]
    public void LearnsAsTorchSharpDoes([ValueSource(typeof(TrainingScenario), nameof(TrainingScenario.All))] TrainingScenario scenario)
    {
        using var training = new SideBySide(scenario);
        double[] losses = [.. Enumerable.Range(0, 25).Select(_ => training.Step())];
        Assert.That(losses[^1], Is.LessThan(0.95 * losses[0]), "it learns");
        training.AssertModelsAlike();
    }

    [Test]
    public void LearnsByClosures([ValueSource(typeof(TrainingScenario), nameof(TrainingScenario.All))] TrainingScenario scenario)
    {
        using var training = new SideBySide(scenario);
        double[] losses = [.. Enumerable.Range(0, 10).Select(_ => training.StepByClosure())];
        Assert.That(losses[^1], Is.LessThan(losses[0]), "it learns");
    }

    [Test]
    public void LearnsConvolutionsWithDropout()
    {
        using var training = new SideBySide(
            () => nn.Sequential(
                ("convolution", nn.Conv2d(3, 4, 3, stride: 2)),
                ("relu", nn.ReLU(inplace: true)),
                ("dropout", nn.Dropout(0.1)),
                ("flatten", nn.Flatten()),
                ("linear", nn.Linear(4 * 4 * 4, 10))),
            randn([16, 3, 10, 10], generator: new Generator(1)),
            randn([16, 10], generator: new Generator(2)),
            model => optim.Adam(model.parameters()),
            model => model.Adam());
        double[] losses = [.. Enumerable.Range(0, 25).Select(_ => training.Step())];
        Assert.That(losses[^1], Is.LessThan(0.9 * losses[0]), "it learns");
        training.AssertModelsAlike();
    }
}
