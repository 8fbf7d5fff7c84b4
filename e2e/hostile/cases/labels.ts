import type { StackMap } from '../../../src/core/stack-map.ts';
import type { HostileCase } from '../case.ts';

const onMap = (map: StackMap, stack: string) => map.stacks.find(({ name }) => name === stack);

const byHand = 'by_hand "$OUT/jobs/j1"';
const byHandInState = 'by_hand "$OUT/.switchyard/jobs/j1"';

const hides = (id: string, label: string, about: string): HostileCase => ({
  id,
  kind: 'labels that hide or move',
  stage: 'look',
  about,
  plant: `mkdir -p "$DIR"; container "$ID-web-1" $(of_compose "$ID" web "$DIR") --label ${label}`,
  seen: (map) =>
    onMap(map, id)?.services.some(({ name }) => name === 'web') === true ? null : 'the service is not on the map',
});

const image = (labels: string) =>
  `container "$ID-maker"; docker commit ${labels} "$ID-maker" "foreign/$ID:1" >/dev/null; docker rm "$ID-maker" >/dev/null; IMAGE=foreign/$ID:1 container "$ID-1"`;

export const labelCases: HostileCase[] = [
  {
    id: 'label-root',
    kind: 'labels of containers',
    stage: 'look',
    about: 'a container says that a folder of its own is a state folder; a job that died is in there',
    plant: `planted_job "$OUT" j1; container "$ID-1" --label "dev.switchyard.root=$OUT"`,
    control: byHand,
  },
  {
    id: 'label-root-as-entry',
    kind: 'labels of containers',
    stage: 'look',
    about: 'a container says that it is an entry point, with all the labels of one',
    plant: `planted_job "$OUT" j1; container "$ID-1" $(of_compose "$ID" web "$DIR") --label "dev.switchyard.root=$OUT" --label "dev.switchyard.stack=$ID" --label dev.switchyard.service=web`,
    control: byHand,
  },
  {
    id: 'label-root-as-slot',
    kind: 'labels of containers',
    stage: 'look',
    about: 'a container says that it is a slot whose state folder is elsewhere',
    plant: `planted_job "$OUT" j1; container "$ID--web--blue" --label "dev.switchyard.root=$OUT" --label "dev.switchyard.stack=$ID" --label dev.switchyard.service=web --label dev.switchyard.slot=blue --label dev.switchyard.release=0001`,
    control: byHand,
  },
  {
    id: 'label-root-dots',
    kind: 'labels of containers',
    stage: 'look',
    about: 'the label leads out of the home folder and in again by ..',
    plant: `planted_job "$OUT" j1; container "$ID-1" --label "dev.switchyard.root=/home/home/../..$OUT"`,
    control: byHand,
  },
  {
    id: 'label-workdir',
    kind: 'labels of containers',
    stage: 'look',
    about: 'a container that is of no compose project names a working folder',
    plant: `planted_job "$OUT/.switchyard" j1; container "$ID-1" --label "com.docker.compose.project.working_dir=$OUT"`,
    control: byHandInState,
  },
  {
    id: 'label-workdir-of-project',
    kind: 'labels of containers',
    stage: 'look',
    about: 'a container with all the labels of compose, whose working folder is not the operator’s',
    plant: `planted_job "$OUT/.switchyard" j1; container "$ID-web-1" $(of_compose "$ID" web "$OUT")`,
    control: byHandInState,
  },
  {
    id: 'label-on-start',
    kind: 'labels of containers',
    stage: 'act',
    about: 'a container with such a label starts while a client is connected',
    plant: `planted_job "$OUT" j1`,
    during: `docker run -d --name "$ID-1" --label "dev.switchyard.root=$OUT" $web:1.0.0 >/dev/null; sleep 1.5; docker restart -t 0 "$ID-1" >/dev/null; sleep 1.5`,
    act: async () => null,
    control: byHand,
  },
  {
    id: 'label-two-folders',
    kind: 'labels of containers',
    stage: 'look',
    about: 'two containers of one stack name two working folders; the second is not the operator’s',
    plant: `plain_stack; planted_job "$OUT/.switchyard" j1; container "$ID-web-2" $(of_compose "$ID" worker "$OUT")`,
    control: byHandInState,
    // Which of the two is the operator's is nobody's guess: nothing is read of either, and that is said.
    seen: (map) => {
      const stack = onMap(map, 'label-two-folders');
      if (stack?.folder !== null) return `the stack’s folder is ${stack?.folder}`;
      return stack.findings.some(({ title }) => title === 'Several working folders') ? null : 'it is not said why';
    },
  },
  {
    id: 'image-root',
    kind: 'labels of images',
    stage: 'look',
    about: 'an image brings the label of a state folder; the container has no label of its own',
    plant: `planted_job "$OUT" j1; ${image('-c "LABEL dev.switchyard.root=$OUT"')}`,
    control: byHand,
  },
  {
    id: 'image-workdir',
    kind: 'labels of images',
    stage: 'look',
    about: 'an image brings compose’s label of a working folder',
    plant: `planted_job "$OUT/.switchyard" j1; ${image('-c "LABEL com.docker.compose.project.working_dir=$OUT"')}`,
    control: byHandInState,
  },
  {
    id: 'image-compose',
    kind: 'labels of images',
    stage: 'look',
    about: 'an image brings all of compose’s labels and ours, so that its container poses as an adopted service',
    plant: `planted_job "$OUT/.switchyard" j1; ${image(
      '-c "LABEL com.docker.compose.project=$ID" -c "LABEL com.docker.compose.service=web" -c "LABEL com.docker.compose.project.working_dir=$OUT" -c "LABEL dev.switchyard.root=$OUT/.switchyard" -c "LABEL dev.switchyard.stack=$ID" -c "LABEL dev.switchyard.service=web"',
    )}`,
    control: byHandInState,
    seen: (map) => (onMap(map, 'image-compose') === undefined ? null : 'it is shown as a stack'),
  },
  hides('label-hides-slot', 'dev.switchyard.slot=blue', 'a label says that a service is a slot of another'),
  hides('label-hides-job', 'dev.switchyard.job=x', 'a label says that a service is a job’s probe'),
  {
    ...hides('label-hides-oneoff', 'com.docker.compose.oneoff=True', ''),
    about: 'an image’s label says that a service is a container that runs once',
    plant: `mkdir -p "$DIR"; ${image('-c "LABEL com.docker.compose.oneoff=True" -c "LABEL dev.switchyard.job=x"').replace('container "$ID-1"', 'container "$ID-web-1" --label "com.docker.compose.project=$ID" --label com.docker.compose.service=web --label "com.docker.compose.project.working_dir=$DIR"')}`,
  },
  {
    id: 'label-moves',
    kind: 'labels that hide or move',
    stage: 'look',
    about: 'a plain service says that it is the entry point of an adopted service of another stack',
    plant: `mkdir -p "$DIR"; container "$ID-web-1" $(of_compose "$ID" web "$DIR") --label dev.switchyard.stack=honest --label dev.switchyard.service=web --label dev.switchyard.root=/home/home/honest/.switchyard`,
    seen: (map) => {
      const moved = onMap(map, 'label-moves')?.services[0];
      if (moved === undefined) return 'it left its own stack';
      if (moved.adopted) return 'it is shown as adopted';
      const honest = onMap(map, 'honest')?.services.flatMap(({ containers }) => containers.map(({ name }) => name));
      return honest?.join() === 'honest-web-1' ? null : `the other stack has ${honest?.join()}`;
    },
  },
  {
    id: 'label-other-folder',
    kind: 'labels that hide or move',
    stage: 'look',
    about: 'a container that sorts first gives an adopted stack another working folder',
    plant: `old_stack files; mkdir -p "$OUT/.switchyard"; container "$ID-a-1" $(of_compose "$ID" a "$OUT")`,
    seen: (map) => {
      const stack = onMap(map, 'label-other-folder');
      if (stack?.folder !== '/home/home/label-other-folder') return `the stack’s folder is ${stack?.folder}`;
      return stack.services.some(({ name, adopted }) => name === 'web' && adopted)
        ? null
        : 'its service is not adopted any more';
    },
  },
  {
    id: 'label-claims-slot',
    kind: 'labels that hide or move',
    stage: 'look',
    about:
      'a container of another image stands in the free slot of an adopted service, with its labels, as a warm previous',
    plant: `old_stack "$PORT"; docker run -d --name "$ID--web--blue" --network hostile --label "dev.switchyard.stack=$ID" --label dev.switchyard.service=web --label dev.switchyard.slot=blue --label dev.switchyard.release=0001 haproxy:3.0 sleep 3600 >/dev/null`,
    seen: (map) =>
      onMap(map, 'label-claims-slot')?.services.some(({ canFlipBack }) => canFlipBack) === true
        ? 'going back to it is offered'
        : null,
  },
];
