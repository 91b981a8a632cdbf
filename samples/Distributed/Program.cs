// MNIST on several ranks:
//
//     dotnet build -c Release
//     mpirun -n 4 dotnet run -c Release --no-build --project samples/Distributed
//
// Each rank computes with its part of each batch; a ShardedOptimizer adds the gradients up, has each rank update its share, and brings the result to all.
// At the end one process does the same alone, with the gradients summed, and its weights must be the same to the last bit. Without mpirun there is one rank.
using System.CommandLine;
using System.Globalization;
using GpuOptim.Distributed;
using GpuOptim.Host;
using GpuOptim.Samples.Distributed;
using GpuOptim.Samples.Mnist;

var steps = new Option<int>("--steps") { Description = "Steps", DefaultValueFactory = _ => 200 };
var batch = new Option<int>("--batch") { Description = "Digits a step, of all ranks together", DefaultValueFactory = _ => 128 };
var hidden = new Option<int[]>("--hidden") { Description = "Widths of the hidden layers", DefaultValueFactory = _ => [128, 128, 128], AllowMultipleArgumentsPerToken = true };
var seed = new Option<int>("--seed") { Description = "Seed of initial weights and order", DefaultValueFactory = _ => 1 };
foreach (var (option, least) in new (Option, int)[] { (steps, 2), (batch, 1), (hidden, 1) })
{
    option.Validators.Add(result =>
    {
        foreach (var token in result.Tokens.Where(token => int.TryParse(token.Value, CultureInfo.InvariantCulture, out var value) && value < least))
            result.AddError($"{option.Name} must be at least {least}. Actual value was {token.Value}.");
    });
}
var command = new RootCommand("Trains a small network on handwritten digits, on as many ranks as mpirun starts.") { steps, batch, hidden, seed };
command.SetAction(result => Train(new(result.GetValue(steps), result.GetValue(batch), result.GetRequiredValue(hidden), result.GetValue(seed))));
return command.Parse(args).Invoke();

static int Train(Settings settings)
{
    var folder = Path.Combine(AppContext.BaseDirectory, "data");
    var training = Digits.Load(folder, "train");
    // Ranks of one machine share its cores.
    using var device = new SimdDevice(threads: 1);
    Outcome outcome;
    string implementation;
    using (var communicator = Ranks.Join(device))
    {
        implementation = communicator is MpiCommunicator mpi ? mpi.Implementation : "alone";
        if (settings.Batch < communicator.Size)
            throw new ArgumentException($"--batch must be at least the number of ranks, {communicator.Size}. Actual value was {settings.Batch}.");
        outcome = ShardedRun.Train(communicator, training, settings);
        if (communicator.Rank > 0)
            return 0;
    }

    // The others are gone: one process has the machine for itself.
    var single = SingleRun.Train(device, training, settings, outcome.Ranks);
    var isSame = ShardedRun.Weights(single).Select(BitConverter.SingleToInt32Bits).SequenceEqual(outcome.Weights.Select(BitConverter.SingleToInt32Bits));
    (long Length, bool IsMuons)[] parameters = [.. single.Parameters.Select(parameter => (parameter.Length, Recipe.IsMuons(parameter.Name)))];
    var (sent, formula) = ((long)outcome.BytesSent.Sum(), Formula.Bytes(outcome.Ranks, parameters));
    void Print(string name, FormattableString value) => Console.WriteLine($"{name,-28}{value.ToString(CultureInfo.InvariantCulture)}");
    Print("ranks", $"{outcome.Ranks}, {implementation}");
    Print("parameters", $"{parameters.Sum(parameter => parameter.Length):N0}, {parameters.Where(parameter => parameter.IsMuons).Sum(parameter => parameter.Length):N0} of them Muon's");
    Print("time a step, optimizer", $"{outcome.StepSeconds * 1e3:F2} ms");
    Print("bytes a step, all ranks", $"{sent:N0}; by the formula {formula:N0}");
    Print("bytes a step, by rank", $"{string.Join(' ', outcome.BytesSent)}");
    Print("bytes of state, by rank", $"{string.Join(' ', outcome.StateBytes)}");
    Print("test accuracy", $"{single.Evaluate(Digits.Load(folder, "test")).Accuracy:P1} after {settings.Steps} steps of {settings.Batch}");
    Print("weights of one process", $"{(isSame ? "the same bits" : "differ")}");
    return isSame && sent == formula ? 0 : 1;
}
