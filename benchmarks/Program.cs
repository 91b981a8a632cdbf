using GpuOptim.Benchmarks.ColdStart;
using GpuOptim.Benchmarks.Verbs;

return args is [FirstStep.Verb, var device] ? FirstStep.Run(device) : Commands.Run(args);
