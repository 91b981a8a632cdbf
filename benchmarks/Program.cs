using GpuOptim.Benchmarks.ColdStart;
using GpuOptim.Benchmarks.Distributed;
using GpuOptim.Benchmarks.Verbs;

return args switch
{
    [FirstStep.Verb, var device] => FirstStep.Run(device),
    [RankProcess.Verb, .. var rest] => RankProcess.Run(rest),
    _ => Commands.Run(args),
};
