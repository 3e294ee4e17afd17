import type { CommandText } from './command-builder.ts';

// The texts of the commands whose options need the modules of all losses. The list of all commands needs only these.

export const trainText: CommandText = {
  name: 'train',
  description: 'train a network and its threshold on images of people; write a model and a report',
  example: [
    'openset train --data faces                 # one folder of images for each person',
    'openset train --data faces --minutes 5 --loss cosface --out quick',
    'openset train --data faces --loss unitsface --class-loss adaface',
    'openset train --data faces --backbone faceres             # a head on a network that others trained',
    'openset train --resume                     # resume the run that Ctrl-C stopped',
    'openset train --data faces_webface_112x112 --preset r50-casia-epl --backend node-gpu',
  ].join('\n'),
  exitCodes: '0 trained, 2 error, 3 bug in openset, 130 stopped and saved',
};

export const schemaText: CommandText = {
  name: 'schema',
  description: 'print the JSON schema of configuration files, for editors',
  example: [
    'openset schema > openset.schema.json       # name it under "$schema" in the configuration file',
    'openset schema --loss ./my-loss.js#MyLoss  # with a loss of your own',
  ].join('\n'),
};
