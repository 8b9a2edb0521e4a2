// The administration in the theme that the person chose for the CRM; before the page is drawn, as it must not blink.
document.documentElement.dataset.theme = document.currentScript.dataset.theme;
