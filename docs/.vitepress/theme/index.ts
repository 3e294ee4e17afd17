import 'katex/dist/katex.min.css';
import type { Theme } from 'vitepress';
import DefaultTheme from 'vitepress/theme';
import './style.css';
import TrainDemo from './train-demo.vue';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('TrainDemo', TrainDemo);
  },
} satisfies Theme;
